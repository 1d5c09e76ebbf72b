import {
  TraceFlags,
  isSpanContextValid,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'
import { isId } from './hex.ts'
import { contextWithRemoteSpan } from './layered-context.ts'
import { isSamplingDeferred, withDeferredSampling } from './sampling-hint.ts'
import { isTracingSuppressed } from './suppress.ts'
import { emptyTraceState } from './trace-state.ts'

/** The span context to send, or `undefined` where there is none, an invalid one, or tracing is suppressed. */
export function outgoingSpanContext(context: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context)
  if (!spanContext || !isValid(spanContext) || isTracingSuppressed(context)) return undefined
  return spanContext
}

/** The same as `isSpanContextValid` of the api, which takes several times as long to say that ids are valid. */
export function isValidSpan(spanContext: SpanContext): boolean {
  return isValid(spanContext) || isSpanContextValid(spanContext)
}

/** What a sender decided: `undefined` leaves it to whoever receives. */
export type Decision = boolean | undefined

/** The decision to send on. */
export function outgoingDecision(context: Context, spanContext: SpanContext): Decision {
  if (spanContext.isRemote && isSamplingDeferred(context)) return undefined
  return (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0
}

/**
 * A context with the span of a sender whose format has no flags but a decision. One that was left open counts as sampled,
 * so that no trace is lost by samplers that follow their parent; `isSamplingDeferred` tells it from the others.
 */
export function withSender(
  context: Context,
  traceId: string | undefined,
  spanId: string | undefined,
  sampled: Decision,
): Context {
  if (traceId === undefined || spanId === undefined) return context
  const traceFlags = sampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED
  const traceState = emptyTraceState(traceFlags)
  const sender = { traceId, spanId, traceFlags, traceState, isRemote: true }
  const found = contextWithRemoteSpan(context, sender)
  return sampled === undefined ? withDeferredSampling(found) : found
}

/** An id as W3C writes it, in lower case and padded with zeros, or `undefined` where the text is none. */
export function normalId(text: string | undefined, length: 16 | 32): string | undefined {
  if (text === undefined || text.length === 0 || text.length > length) return undefined
  const id = text.toLowerCase().padStart(length, '0')
  return id.length === length && isId(id, 0, length) ? id : undefined
}

/** A trace id of 64 or 128 bits, written out in full. */
export function fullTraceId(text: string | undefined): string | undefined {
  return text?.length === 16 || text?.length === 32 ? normalId(text, 32) : undefined
}

/** A span id, written out in full. */
export function fullSpanId(text: string | undefined): string | undefined {
  return text?.length === 16 ? normalId(text, 16) : undefined
}

function isValid({ traceId, spanId }: SpanContext): boolean {
  return (
    traceId.length === 32 && spanId.length === 16 && isId(traceId, 0, 32) && isId(spanId, 0, 16)
  )
}
