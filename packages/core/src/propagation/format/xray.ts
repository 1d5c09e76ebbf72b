import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import {
  fullSpanId,
  normalId,
  outgoingDecision,
  outgoingSpanContext,
  withSender,
  type Decision,
} from '../span-context.ts'

const HEADER = 'x-amzn-trace-id'
/** More fields than any load balancer adds. */
const MAX_FIELDS = 32

/** AWS X-Ray: `Root=1-{8 digits}-{24 digits};Parent={span id};Sampled={0, 1 or ?}`, in any order. */
export const xrayPropagator: TextMapPropagator = {
  fields: () => [HEADER],

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    const { traceId, spanId } = spanContext
    const decision = outgoingDecision(context, spanContext)
    const root = `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId}`
    setter.set(
      carrier,
      HEADER,
      decision === undefined ? root : `${root};Sampled=${decision ? 1 : 0}`,
    )
  },

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, HEADER)
    if (typeof header !== 'string') return context
    let traceId: string | undefined
    let spanId: string | undefined
    let sampled: Decision
    for (const field of header.split(';', MAX_FIELDS)) {
      const equals = field.indexOf('=')
      const value = field.slice(equals + 1).trim()
      const key = field.slice(0, Math.max(equals, 0)).trim().toLowerCase()
      if (key === 'root') traceId = rootOf(value)
      else if (key === 'parent') spanId = fullSpanId(value)
      else if (key === 'sampled') sampled = decisionOf(value)
    }
    return withSender(context, traceId, spanId, sampled)
  },
}

/** Version 1 is all there is: the time in eight digits, and 24 more. */
function rootOf(value: string): string | undefined {
  if (value.length !== 35 || !value.startsWith('1-') || value[10] !== '-') return undefined
  return normalId(value.slice(2, 10) + value.slice(11), 32)
}

function decisionOf(value: string): Decision {
  if (value === '1') return true
  return value === '0' ? false : undefined
}
