import type { TextMapPropagator } from '@opentelemetry/api'
import { InvalidOptionError } from '../errors.ts'
import { warnOnce } from '../guard.ts'
import { b3MultiPropagator, b3Propagator } from './format/b3.ts'
import { W3CBaggagePropagator } from './format/baggage.ts'
import { datadogPropagator } from './format/datadog.ts'
import { JaegerPropagator } from './format/jaeger.ts'
import { OtTracePropagator } from './format/ottrace.ts'
import { xrayPropagator } from './format/xray.ts'
import { W3CTraceContextPropagator } from './w3c.ts'

/** The formats, by the names of `OTEL_PROPAGATORS`; `datadog` is ours. */
export type PropagatorName =
  | 'tracecontext'
  | 'baggage'
  | 'b3'
  | 'b3multi'
  | 'jaeger'
  | 'datadog'
  | 'xray'
  | 'ottrace'

/** What `propagators` accepts. */
export interface PropagatorsOptions {
  /**
   * The formats that are read, in order: the first one that brings a valid span wins.
   * @defaultValue `OTEL_PROPAGATORS`, else `tracecontext` and `baggage`
   */
  readonly extract?: readonly (PropagatorName | TextMapPropagator)[]
  /**
   * The formats that are written.
   * @defaultValue `OTEL_PROPAGATORS`, else `tracecontext` and `baggage`
   */
  readonly inject?: readonly (PropagatorName | TextMapPropagator)[]
  /**
   * The keys of the baggage that may leave the process, in every format that carries baggage.
   * @defaultValue all of them
   */
  readonly baggageKeys?: readonly string[]
  /**
   * Whether trace ids that are made here end in 7 random bytes, as those of the SDKs do. Say `false` where an id generator
   * of yours makes others: the random flag of W3C trace context level 2 is then not set for them.
   * @defaultValue `true`
   */
  readonly randomTraceIds?: boolean
}

interface ResolvedPropagators {
  readonly extract: readonly TextMapPropagator[]
  readonly inject: readonly TextMapPropagator[]
}

type Factory = (options: FormatOptions) => TextMapPropagator

interface FormatOptions {
  readonly isAllowed: ((key: string) => boolean) | undefined
  readonly randomTraceIds: boolean
}

const OWNER = 'propagators'

const FORMATS: ReadonlyMap<string, Factory> = new Map<PropagatorName, Factory>([
  ['tracecontext', ({ randomTraceIds }) => new W3CTraceContextPropagator(randomTraceIds)],
  ['baggage', ({ isAllowed }) => new W3CBaggagePropagator(isAllowed)],
  ['b3', () => b3Propagator],
  ['b3multi', () => b3MultiPropagator],
  ['jaeger', ({ isAllowed }) => new JaegerPropagator(isAllowed)],
  ['datadog', () => datadogPropagator],
  ['xray', () => xrayPropagator],
  ['ottrace', ({ isAllowed }) => new OtTracePropagator(isAllowed)],
])

export function resolvePropagators(options: PropagatorsOptions): ResolvedPropagators {
  const { baggageKeys, randomTraceIds = true } = options
  if (typeof randomTraceIds !== 'boolean') {
    throw new InvalidOptionError(OWNER, 'randomTraceIds', 'a boolean', randomTraceIds)
  }
  const formatOptions = { isAllowed: allowList(baggageKeys), randomTraceIds }
  return {
    extract: resolve('extract', options.extract, formatOptions),
    inject: resolve('inject', options.inject, formatOptions),
  }
}

function allowList(keys: readonly string[] | undefined): FormatOptions['isAllowed'] {
  if (keys === undefined) return undefined
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'string')) {
    throw new InvalidOptionError(OWNER, 'baggageKeys', 'a list of keys', keys)
  }
  const allowed = new Set(keys)
  return (key) => allowed.has(key)
}

function resolve(
  option: 'extract' | 'inject',
  formats: readonly (PropagatorName | TextMapPropagator)[] | undefined,
  options: FormatOptions,
): readonly TextMapPropagator[] {
  if (formats === undefined) return fromEnvironment(options)
  if (!Array.isArray(formats)) {
    throw new InvalidOptionError(OWNER, option, 'a list of formats', formats)
  }
  return formats.map((format: unknown) => {
    const known = typeof format === 'string' ? FORMATS.get(format)?.(options) : format
    if (isPropagator(known)) return known
    const expected = `a TextMapPropagator or one of ${[...FORMATS.keys()].join(', ')}`
    throw new InvalidOptionError(OWNER, option, expected, format)
  })
}

function isPropagator(value: unknown): value is TextMapPropagator {
  const { extract, inject, fields } = (value ?? {}) as Partial<TextMapPropagator>
  return [extract, inject, fields].every((method) => typeof method === 'function')
}

/** `OTEL_PROPAGATORS`: names separated by commas. `none` turns propagation off; a name nobody knows is said once. */
function fromEnvironment(options: FormatOptions): readonly TextMapPropagator[] {
  const variable = process.env['OTEL_PROPAGATORS']?.trim() || 'tracecontext,baggage'
  const names = new Set(variable.split(',').map((name) => name.trim()))
  names.delete('')
  if (names.has('none')) return []
  return [...names].flatMap((name) => {
    const factory = FORMATS.get(name)
    if (factory) return [factory(options)]
    warnOnce(
      `OTEL_PROPAGATORS names "${name}", which is not one of ${[...FORMATS.keys()].join(', ')}`,
    )
    return []
  })
}
