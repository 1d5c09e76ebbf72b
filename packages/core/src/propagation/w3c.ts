import {
  createTraceState,
  isSpanContextValid,
  trace,
  type Context,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { isTracingSuppressed } from './suppress.ts'

const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'

/**
 * W3C trace context for places with no SDK and so no global propagator, such as a worker thread. All eight flag bits are
 * kept.
 */
export const w3cPropagator: TextMapPropagator = {
  fields: () => [TRACEPARENT, TRACESTATE],

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = trace.getSpanContext(context)
    if (!spanContext || !isSpanContextValid(spanContext) || isTracingSuppressed(context)) return
    setter.set(carrier, TRACEPARENT, formatTraceparent(spanContext))
    const state = spanContext.traceState?.serialize()
    if (state) setter.set(carrier, TRACESTATE, state)
  },

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, TRACEPARENT)
    const spanContext = typeof header === 'string' ? parseTraceparent(header) : undefined
    if (!spanContext) return context
    const state = getter.get(carrier, TRACESTATE)
    if (typeof state === 'string') spanContext.traceState = createTraceState(state)
    return trace.setSpanContext(context, spanContext)
  },
}

export function formatTraceparent(spanContext: SpanContext): string {
  const flags = (spanContext.traceFlags & 0xff).toString(16).padStart(2, '0')
  return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`
}

/** W3C trace context level 2, 3.2.2: a version above 00 may carry more fields, `ff` is forbidden, ids are not all zero. */
export function parseTraceparent(header: string): SpanContext | undefined {
  const value = header.trim()
  if (value.length < 55 || !isHex(value, 0, 2) || value.startsWith('ff')) return undefined
  if (value[2] !== '-' || value[35] !== '-' || value[52] !== '-') return undefined
  if (!isHex(value, 3, 35) || !isHex(value, 36, 52) || !isHex(value, 53, 55)) return undefined
  if (value.length > 55 && (value.startsWith('00') || value[55] !== '-')) return undefined
  const spanContext: SpanContext = {
    traceId: value.slice(3, 35),
    spanId: value.slice(36, 52),
    traceFlags: Number.parseInt(value.slice(53, 55), 16),
    isRemote: true,
  }
  return isSpanContextValid(spanContext) ? spanContext : undefined
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    const digit = code >= 48 && code <= 57
    const letter = code >= 97 && code <= 102
    if (!digit && !letter) return false
  }
  return true
}
