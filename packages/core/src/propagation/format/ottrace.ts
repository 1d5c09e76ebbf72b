import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api'
import { BaggageHeaders } from '../baggage-headers.ts'
import {
  fullSpanId,
  fullTraceId,
  outgoingDecision,
  outgoingSpanContext,
  withSender,
  type Decision,
} from '../span-context.ts'

const TRACE_ID = 'ot-tracer-traceid'
const SPAN_ID = 'ot-tracer-spanid'
const SAMPLED = 'ot-tracer-sampled'

/** The headers of OpenTracing's basic tracers: `ot-tracer-*`, and `ot-baggage-*`. They carry trace ids of 64 bits. */
export class OtTracePropagator implements TextMapPropagator {
  readonly #baggage: BaggageHeaders

  constructor(isAllowed?: (key: string) => boolean) {
    this.#baggage = new BaggageHeaders('ot-baggage-', isAllowed)
  }

  fields(): string[] {
    return [TRACE_ID, SPAN_ID, SAMPLED]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#baggage.inject(context, carrier, setter)
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    // The format's own limit: its specification cuts the trace id to its last 64 bits.
    setter.set(carrier, TRACE_ID, spanContext.traceId.slice(16))
    setter.set(carrier, SPAN_ID, spanContext.spanId)
    const decision = outgoingDecision(context, spanContext)
    if (decision !== undefined) setter.set(carrier, SAMPLED, String(decision))
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const get = (key: string): string | undefined => {
      const value = getter.get(carrier, key)
      return typeof value === 'string' ? value.trim() : undefined
    }
    const sampled = decisionOf(get(SAMPLED))
    const found = withSender(context, fullTraceId(get(TRACE_ID)), fullSpanId(get(SPAN_ID)), sampled)
    return this.#baggage.extract(found, carrier, getter)
  }
}

function decisionOf(value: string | undefined): Decision {
  if (value === 'true' || value === '1') return true
  return value === 'false' || value === '0' ? false : undefined
}
