import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import {
  fullSpanId,
  normalId,
  outgoingDecision,
  outgoingSpanContext,
  withSender,
  type Decision,
} from '../span-context.ts'

const TRACE_ID = 'x-datadog-trace-id'
const PARENT_ID = 'x-datadog-parent-id'
const PRIORITY = 'x-datadog-sampling-priority'
const TAGS = 'x-datadog-tags'
/** The tag with the upper half of a trace id of 128 bits, in hexadecimal; the headers hold decimal numbers of 64. */
const UPPER_HALF = '_dd.p.tid='
const MAX_ID = 0xffff_ffff_ffff_ffffn
const MAX_DIGITS = 20

/** Datadog's own headers, with trace ids of 128 bits. */
export const datadogPropagator: TextMapPropagator = {
  fields: () => [TRACE_ID, PARENT_ID, PRIORITY, TAGS],

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    const { traceId, spanId } = spanContext
    setter.set(carrier, TRACE_ID, BigInt(`0x${traceId.slice(16)}`).toString())
    setter.set(carrier, PARENT_ID, BigInt(`0x${spanId}`).toString())
    const decision = outgoingDecision(context, spanContext)
    if (decision !== undefined) setter.set(carrier, PRIORITY, decision ? '1' : '0')
    const upper = traceId.slice(0, 16)
    if (upper !== '0'.repeat(16)) setter.set(carrier, TAGS, UPPER_HALF + upper)
  },

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const lower = hexOf(getter.get(carrier, TRACE_ID))
    const spanId = fullSpanId(hexOf(getter.get(carrier, PARENT_ID)))
    if (lower === undefined || spanId === undefined) return context
    const traceId = normalId(upperHalf(getter.get(carrier, TAGS)) + lower, 32)
    return withSender(context, traceId, spanId, decisionOf(getter.get(carrier, PRIORITY)))
  },
}

/** The 16 hexadecimal digits of a decimal number of 64 bits. */
function hexOf(decimal: unknown): string | undefined {
  if (typeof decimal !== 'string') return undefined
  const text = decimal.trim()
  if (!isDecimal(text)) return undefined
  const id = BigInt(text)
  return id <= MAX_ID ? id.toString(16).padStart(16, '0') : undefined
}

function isDecimal(text: string): boolean {
  if (text.length === 0 || text.length > MAX_DIGITS) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}

function upperHalf(tags: unknown): string {
  if (typeof tags !== 'string') return ''
  const tag = tags.split(',').find((tag) => tag.trim().startsWith(UPPER_HALF))
  return fullSpanId(tag?.trim().slice(UPPER_HALF.length)) ?? ''
}

/** -1 and 0 are "drop", 1 and 2 are "keep"; no priority leaves it open. */
function decisionOf(priority: unknown): Decision {
  if (priority === '1' || priority === '2') return true
  return priority === '0' || priority === '-1' ? false : undefined
}
