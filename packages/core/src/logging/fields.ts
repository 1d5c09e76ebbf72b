import {
  TraceFlags,
  type SpanContext,
  context,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api'
import { checkChoice } from '../options.ts'

/**
 * The names that a backend looks for. `otel`: `trace_id`, `span_id`, `trace_flags`, as OpenTelemetry's "Trace Context in
 * non-OTLP Log Formats" says. `ecs`: Elastic. `gcp`: Google Cloud, without the project. `datadog`: its older pipelines.
 */
export type LogPreset = 'otel' | 'ecs' | 'gcp' | 'datadog'

export type LogFields = Record<string, unknown>

const PRESETS: Record<LogPreset, (span: SpanContext) => LogFields> = {
  otel: (span) => ({
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: (span.traceFlags & 0xff).toString(16).padStart(2, '0'),
  }),
  ecs: (span) => ({ 'trace.id': span.traceId, 'span.id': span.spanId }),
  gcp: (span) => ({
    'logging.googleapis.com/trace': span.traceId,
    'logging.googleapis.com/spanId': span.spanId,
    'logging.googleapis.com/trace_sampled': (span.traceFlags & TraceFlags.SAMPLED) !== 0,
  }),
  datadog: (span) => ({
    dd: {
      trace_id: BigInt(`0x${span.traceId.slice(16)}`).toString(),
      span_id: BigInt(`0x${span.spanId}`).toString(),
    },
  }),
}

/** Throws an `InvalidOptionError`, at set-up, for a preset that there is not. */
export function checkPreset(owner: string, preset: LogPreset): void {
  checkChoice(owner, 'preset', preset, Object.keys(PRESETS))
}

/** The fields that tie a log line to the active span; none where no span is active. */
export function traceFields(preset: LogPreset = 'otel'): LogFields {
  const span = trace.getSpanContext(context.active())
  return span && isSpanContextValid(span) ? PRESETS[preset](span) : {}
}
