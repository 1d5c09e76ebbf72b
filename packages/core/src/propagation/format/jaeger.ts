import type { TextMapGetter, TextMapPropagator, TextMapSetter, Context } from '@opentelemetry/api'
import { BaggageHeaders } from '../baggage-headers.ts'
import { hexDigit } from '../hex.ts'
import { isDebugTrace, withDebugTrace } from '../sampling-hint.ts'
import { normalId, outgoingDecision, outgoingSpanContext, withSender } from '../span-context.ts'

const HEADER = 'uber-trace-id'
const SAMPLED = 1
const DEBUG = 2

/** Jaeger's own headers: `uber-trace-id`, and `uberctx-*` for baggage. */
export class JaegerPropagator implements TextMapPropagator {
  readonly #baggage: BaggageHeaders

  constructor(isAllowed?: (key: string) => boolean) {
    this.#baggage = new BaggageHeaders('uberctx-', isAllowed)
  }

  fields(): string[] {
    return [HEADER]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#baggage.inject(context, carrier, setter)
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    const sampled = outgoingDecision(context, spanContext) === false ? 0 : SAMPLED
    const flags = sampled && isDebugTrace(context) ? SAMPLED | DEBUG : sampled
    setter.set(carrier, HEADER, `${spanContext.traceId}:${spanContext.spanId}:0:${flags}`)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, HEADER)
    const found = typeof header === 'string' ? read(context, header) : context
    return this.#baggage.extract(found, carrier, getter)
  }
}

/** `{trace id}:{span id}:{parent span id}:{flags}`, leading zeros left out, the colons perhaps percent-encoded. */
function read(context: Context, header: string): Context {
  const parts = header.trim().replaceAll('%3A', ':').replaceAll('%3a', ':').split(':', 5)
  const [traceId, spanId, , flags] = parts
  if (parts.length !== 4 || flags === undefined) return context
  const bits = flagsOf(flags)
  if (bits < 0) return context
  const sampled = (bits & SAMPLED) !== 0
  const found = withSender(context, normalId(traceId, 32), normalId(spanId, 16), sampled)
  return found !== context && (bits & DEBUG) !== 0 ? withDebugTrace(found) : found
}

/** One byte in one or two hexadecimal digits, or something below 0. */
function flagsOf(text: string): number {
  if (text.length === 0 || text.length > 2) return -1
  const digits = text.toLowerCase().padStart(2, '0')
  return (hexDigit(digits, 0) << 4) | hexDigit(digits, 1)
}
