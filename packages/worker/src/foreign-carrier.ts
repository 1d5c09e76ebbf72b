import { TraceFlags, isSpanContextValid, trace, type Context } from '@opentelemetry/api'
import type { SpanContext } from '@opentelemetry/api'
import { headerGetter, w3cPropagator, type HeaderCarrier } from '@throughline/core/propagation'

/**
 * Adds to a context what a carrier says in another tool's words: W3C fields where the propagator in use reads others,
 * Sentry's `sentry-trace`, and Datadog's `_datadog`. A queue outlives the tool that its producers were traced with.
 */
export function readForeign(context: Context, carrier: HeaderCarrier): Context {
  const fromW3C = w3cPropagator.extract(context, carrier, headerGetter)
  if (trace.getSpanContext(fromW3C)) return fromW3C
  const spanContext = parseSentryTrace(headerGetter.get(carrier, 'sentry-trace'))
  if (spanContext) return trace.setSpanContext(context, spanContext)
  const datadog = Object.hasOwn(carrier, '_datadog') ? carrier['_datadog'] : undefined
  if (typeof datadog !== 'object' || datadog === null) return context
  return readDatadog(context, datadog as HeaderCarrier)
}

const SENTRY_TRACE = /^([0-9a-f]{32})-([0-9a-f]{16})(?:-([01]))?$/

/** `{trace id}-{span id}-{0|1}`; without the last part, sampling is not decided yet. */
export function parseSentryTrace(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined
  const [, traceId, spanId, sampled] = SENTRY_TRACE.exec(value.trim()) ?? []
  return traceId && spanId ? remote(traceId, spanId, sampled !== '0') : undefined
}

function readDatadog(context: Context, fields: HeaderCarrier): Context {
  const fromW3C = w3cPropagator.extract(context, fields, headerGetter)
  if (trace.getSpanContext(fromW3C)) return fromW3C
  const low = toHex(headerGetter.get(fields, 'x-datadog-trace-id'))
  const spanId = toHex(headerGetter.get(fields, 'x-datadog-parent-id'))
  if (!low || !spanId) return context
  // The upper half of a 128-bit id is a tag, so that old tracers can read the lower.
  const tags = headerGetter.get(fields, 'x-datadog-tags')
  const high = typeof tags === 'string' ? HIGH_HALF.exec(tags)?.[1] : undefined
  const priority = Number(headerGetter.get(fields, 'x-datadog-sampling-priority') ?? 1)
  const spanContext = remote(`${high ?? '0'.repeat(16)}${low}`, spanId, priority > 0)
  return spanContext ? trace.setSpanContext(context, spanContext) : context
}

const HIGH_HALF = /(?:^|,)_dd\.p\.tid=([0-9a-f]{16})(?:,|$)/
const DECIMAL = /^\d{1,20}$/

function toHex(decimal: unknown): string | undefined {
  if (typeof decimal !== 'string' || !DECIMAL.test(decimal)) return undefined
  const hex = BigInt(decimal).toString(16).padStart(16, '0')
  return hex.length === 16 ? hex : undefined
}

function remote(traceId: string, spanId: string, sampled: boolean): SpanContext | undefined {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  const spanContext = { traceId, spanId, traceFlags, isRemote: true }
  return isSpanContextValid(spanContext) ? spanContext : undefined
}
