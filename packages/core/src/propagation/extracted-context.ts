import {
  ROOT_CONTEXT,
  propagation,
  trace,
  type Baggage,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'

/** A context with this remote span. */
export function withRemoteSpan(context: Context, spanContext: SpanContext): Context {
  return new ExtractedContext(context, SPAN, trace.wrapSpanContext(spanContext))
}

/** A context with this baggage. */
export function withBaggage(context: Context, baggage: Baggage): Context {
  return new ExtractedContext(context, BAGGAGE, baggage)
}

/**
 * A context with one value more. The api's own copies all values and makes three functions for each one that is set;
 * what was extracted is nearly always replaced at once by the span that starts from it, so here the copy is made only
 * then. Setting a value answers a context of the api's again: chains do not grow.
 */
class ExtractedContext implements Context {
  readonly #parent: Context
  readonly #key: symbol
  readonly #value: unknown

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    const parent = this.#parent.setValue(key, value)
    return key === this.#key ? parent : parent.setValue(this.#key, this.#value)
  }

  deleteValue(key: symbol): Context {
    const parent = this.#parent.deleteValue(key)
    return key === this.#key ? parent : parent.setValue(this.#key, this.#value)
  }
}

// The api keeps its keys to itself, so they are asked for rather than assumed.
const NO_SPAN = { traceId: '', spanId: '', traceFlags: 0 }
const SPAN = keyUsedBy((context) => trace.setSpanContext(context, NO_SPAN))
const BAGGAGE = keyUsedBy((context) => propagation.setBaggage(context, propagation.createBaggage()))

function keyUsedBy(set: (context: Context) => Context): symbol {
  let used: symbol | undefined
  const listener: Context = {
    getValue: () => undefined,
    setValue(key) {
      used = key
      return ROOT_CONTEXT
    },
    deleteValue: () => ROOT_CONTEXT,
  }
  set(listener)
  return used as symbol
}
