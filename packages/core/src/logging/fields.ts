import {
  INVALID_TRACEID,
  TraceFlags,
  context,
  propagation,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'
import { InvalidOptionError } from '../errors.ts'
import { checkChoice, checkOption } from '../options.ts'
import { hexToDecimal } from './decimal.ts'

/**
 * The names that a backend looks for. `otel`: `trace_id`, `span_id`, `trace_flags`, as OpenTelemetry's "Trace Context in
 * non-OTLP Log Formats" says. `ecs`: Elastic. `gcp`: Google Cloud. `datadog`: its older pipelines.
 */
export type LogPreset = 'otel' | 'ecs' | 'gcp' | 'datadog'

export type LogFields = Record<string, unknown>

/** How log lines are tied to traces. */
export interface LogOptions {
  /** The names of the fields. @defaultValue `'otel'` */
  readonly preset?: LogPreset
  /**
   * The Google Cloud project, for `gcp`: with it a line is shown beside its trace.
   * @defaultValue the trace's id alone is written
   */
  readonly project?: string
  /**
   * Baggage to write too: a list of its keys, or the field for each key. Baggage comes from whoever called, and may hold
   * what does not belong into a log.
   * @defaultValue none
   */
  readonly baggage?: readonly string[] | Readonly<Record<string, string>>
}

/** What is written of a span. */
interface Preset {
  readonly all: (span: SpanContext, project: string) => LogFields
  /** Of a span further in, on a line that has the fields of its trace already. */
  readonly inner: (span: SpanContext, project: string) => LogFields
}

const FLAGS = Array.from({ length: 256 }, (_, flags) => flags.toString(16).padStart(2, '0'))

const datadog = (span: SpanContext): LogFields => ({
  dd: { trace_id: hexToDecimal(span.traceId, 16), span_id: hexToDecimal(span.spanId, 0) },
})

const PRESETS: Record<LogPreset, Preset> = {
  otel: {
    all: (span) => ({
      trace_id: span.traceId,
      span_id: span.spanId,
      trace_flags: FLAGS[span.traceFlags & 0xff],
    }),
    inner: (span) => ({ span_id: span.spanId }),
  },
  ecs: {
    all: (span) => ({ 'trace.id': span.traceId, 'span.id': span.spanId }),
    inner: (span) => ({ 'span.id': span.spanId }),
  },
  gcp: {
    all: (span, project) => ({
      'logging.googleapis.com/trace': project + span.traceId,
      'logging.googleapis.com/spanId': span.spanId,
      'logging.googleapis.com/trace_sampled': (span.traceFlags & TraceFlags.SAMPLED) !== 0,
    }),
    inner: (span) => ({ 'logging.googleapis.com/spanId': span.spanId }),
  },
  // One nested object: it cannot be written in part.
  datadog: { all: datadog, inner: datadog },
}

/** Log fields by options that were checked once, at set-up. */
export class FieldSource {
  readonly #preset: Preset
  readonly #project: string
  readonly #baggage: readonly (readonly [key: string, field: string])[]

  constructor(owner: string, options: LogPreset | LogOptions = 'otel') {
    const { preset = 'otel', project, baggage } = toOptions(owner, options)
    checkChoice(owner, 'preset', preset, Object.keys(PRESETS))
    checkOption(owner, 'project', project, 'string')
    this.#preset = PRESETS[preset]
    this.#project = project ? `projects/${project}/traces/` : ''
    this.#baggage = baggageFields(owner, baggage)
  }

  /** The fields of a line, as a new object. @param bound - the span whose fields the line has already */
  fields(active: Context, bound?: SpanContext): LogFields {
    const span = trace.getSpanContext(active)
    const fields = span === undefined || span === bound ? {} : this.#ofSpan(span, bound)
    if (this.#baggage.length > 0) this.#addBaggage(fields, active)
    return fields
  }

  #ofSpan(span: SpanContext, bound: SpanContext | undefined): LogFields {
    // Ids were checked when they were read: here it is about the api's spans that stand for none.
    if (span.traceId === INVALID_TRACEID || span.traceId === '') return {}
    if (bound === undefined || bound.traceId !== span.traceId) {
      return this.#preset.all(span, this.#project)
    }
    return bound.spanId === span.spanId ? {} : this.#preset.inner(span, this.#project)
  }

  #addBaggage(fields: LogFields, active: Context): void {
    const baggage = propagation.getBaggage(active)
    if (!baggage) return
    for (const [key, field] of this.#baggage) {
      const entry = baggage.getEntry(key)
      if (entry) fields[field] = entry.value
    }
  }
}

/**
 * The fields that tie a log line to the active span; none where no span is active. Throws an `InvalidOptionError` for
 * options that cannot work.
 */
export function traceFields(options: LogPreset | LogOptions = 'otel'): LogFields {
  return sourceOf('traceFields', options).fields(context.active())
}

const byPreset = new Map<unknown, FieldSource>()
const byOptions = new WeakMap<object, FieldSource>()

/** For what is called with options again and again: the same ones are checked once. */
export function sourceOf(owner: string, options: LogPreset | LogOptions = 'otel'): FieldSource {
  const isObject = typeof options === 'object' && options !== null
  const known = isObject ? byOptions.get(options) : byPreset.get(options)
  if (known) return known
  const source = new FieldSource(owner, options)
  if (isObject) byOptions.set(options, source)
  else byPreset.set(options, source)
  return source
}

function toOptions(owner: string, options: unknown): LogOptions {
  if (typeof options === 'string') return { preset: options as LogPreset }
  if (typeof options === 'object' && options !== null) return options
  throw new InvalidOptionError(owner, 'options', 'a preset or an object', options)
}

function baggageFields(owner: string, baggage: unknown): [string, string][] {
  if (baggage === undefined) return []
  const pairs: unknown[][] = Array.isArray(baggage)
    ? baggage.map((key: unknown) => [key, key])
    : typeof baggage === 'object' && baggage !== null
      ? Object.entries(baggage)
      : [[]]
  if (pairs.some((pair) => typeof pair[0] !== 'string' || typeof pair[1] !== 'string')) {
    throw new InvalidOptionError(owner, 'baggage', 'a list of keys or a field for each', baggage)
  }
  return pairs as [string, string][]
}
