import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import { isDebugTrace, withDebugTrace } from '../sampling-hint.ts'
import {
  fullSpanId,
  fullTraceId,
  outgoingDecision,
  outgoingSpanContext,
  withSender,
  type Decision,
} from '../span-context.ts'

const SINGLE = 'b3'
const TRACE_ID = 'x-b3-traceid'
const SPAN_ID = 'x-b3-spanid'
const SAMPLED = 'x-b3-sampled'
const FLAGS = 'x-b3-flags'
const PARENT_SPAN_ID = 'x-b3-parentspanid'

/** B3 in one header, `b3`. Reads both encodings, the one header first. Ids of 64 bits are padded with zeros. */
export const b3Propagator: TextMapPropagator = {
  fields: () => [SINGLE],
  extract,

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    const state = stateOf(context, outgoingDecision(context, spanContext))
    const ids = `${spanContext.traceId}-${spanContext.spanId}`
    setter.set(carrier, SINGLE, state === undefined ? ids : `${ids}-${state}`)
  },
}

/** B3 in a header for each value, `x-b3-*`. Reads both encodings, the one header first. */
export const b3MultiPropagator: TextMapPropagator = {
  fields: () => [TRACE_ID, SPAN_ID, FLAGS, SAMPLED, PARENT_SPAN_ID],
  extract,

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    setter.set(carrier, TRACE_ID, spanContext.traceId)
    setter.set(carrier, SPAN_ID, spanContext.spanId)
    const state = stateOf(context, outgoingDecision(context, spanContext))
    if (state === 'd') setter.set(carrier, FLAGS, '1')
    else if (state !== undefined) setter.set(carrier, SAMPLED, state)
  },
}

function extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
  const single = getter.get(carrier, SINGLE)
  const found = typeof single === 'string' ? readSingle(context, single) : context
  if (found !== context) return found
  const state = get(carrier, getter, FLAGS) === '1' ? 'd' : get(carrier, getter, SAMPLED)
  return read(context, get(carrier, getter, TRACE_ID), get(carrier, getter, SPAN_ID), state)
}

/** `{trace id}-{span id}-{state}-{parent span id}`, of which the last two may be missing. */
function readSingle(context: Context, header: string): Context {
  const parts = header.trim().split('-', 5)
  if (parts.length < 2 || parts.length > 4) return context
  if (parts.length === 4 && fullSpanId(parts[3]) === undefined) return context
  return read(context, parts[0], parts[1], parts[2])
}

function read(
  context: Context,
  traceId: string | undefined,
  spanId: string | undefined,
  state: string | undefined,
): Context {
  const decision = decisionOf(state)
  if (decision === 'unknown') return context
  const found = withSender(context, fullTraceId(traceId), fullSpanId(spanId), decision)
  return state === 'd' && found !== context ? withDebugTrace(found) : found
}

function decisionOf(state: string | undefined): Decision | 'unknown' {
  if (state === undefined) return undefined
  if (state === '1' || state === 'd' || state === 'true') return true
  return state === '0' || state === 'false' ? false : 'unknown'
}

function stateOf(context: Context, decision: Decision): string | undefined {
  if (decision === undefined) return undefined
  if (isDebugTrace(context)) return 'd'
  return decision ? '1' : '0'
}

function get(carrier: unknown, getter: TextMapGetter, key: string): string | undefined {
  const value = getter.get(carrier, key)
  return typeof value === 'string' ? value.trim() : undefined
}
