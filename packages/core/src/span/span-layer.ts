import { ROOT_CONTEXT, createContextKey, trace, type Context, type Span } from '@opentelemetry/api'

// The api's own key, which it does not export: context keys are made with `Symbol.for`.
const SPAN = createContextKey('OpenTelemetry Context Key SPAN')
const PROBE = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 })
const isKnown = trace.setSpan(ROOT_CONTEXT, PROBE).getValue(SPAN) === PROBE

// Registered, so that the layers of two copies of this package do not pile up on each other.
const kFlatten: unique symbol = Symbol.for('@throughline/core.flattenContext')
const kUnder: unique symbol = Symbol.for('@throughline/core.contextWithSpan')

/**
 * A context with a span, made without copying its parent: the api's contexts copy all that they hold for each value that
 * is set, and most spans have no children to read it. It is one layer deep at most, so that a chain of spans without end
 * keeps no more alive than the api's own contexts would.
 */
class SpanLayer implements Context {
  readonly #parent: Context
  readonly #span: Span
  #key: symbol | undefined
  #value: unknown
  #secondKey: symbol | undefined
  #secondValue: unknown
  #flat: Context | undefined

  constructor(parent: Context, span: Span) {
    // The span of the parent is replaced, so whether it has one makes no difference.
    const under = (parent as Partial<SpanlessLayer>)[kUnder] ?? parent
    this.#parent = (under as Partial<SpanLayer>)[kFlatten]?.() ?? under
    this.#span = span
  }

  getValue(key: symbol): unknown {
    if (key === SPAN) return this.#span
    if (key === this.#key) return this.#value
    if (key === this.#secondKey) return this.#secondValue
    return this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this[kFlatten]().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this[kFlatten]().deleteValue(key)
  }

  /** Adds a value to this very layer, as long as nobody else holds it; the layer itself, or a context in its place. */
  carry(key: symbol, value: unknown): Context {
    if (this.#flat) return this.#flat.setValue(key, value)
    if (this.#key === undefined) {
      this.#key = key
      this.#value = value
      return this
    }
    if (this.#secondKey !== undefined) return this.setValue(key, value)
    this.#secondKey = key
    this.#secondValue = value
    return this
  }

  /** @internal The same as a context of the api. */
  [kFlatten](): Context {
    if (this.#flat) return this.#flat
    let flat = trace.setSpan(this.#parent, this.#span)
    if (this.#key !== undefined) flat = flat.setValue(this.#key, this.#value)
    if (this.#secondKey !== undefined) flat = flat.setValue(this.#secondKey, this.#secondValue)
    this.#flat = flat
    return flat
  }
}

/** A context as if it had no span, made without copying it: nearly always a new span takes that one's place at once. */
class SpanlessLayer implements Context {
  readonly [kUnder]: Context

  constructor(under: Context) {
    this[kUnder] = under
  }

  getValue(key: symbol): unknown {
    return key === SPAN ? undefined : this[kUnder].getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return trace.deleteSpan(this[kUnder]).setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return trace.deleteSpan(this[kUnder]).deleteValue(key)
  }
}

/** The context without its span, for a trace that starts anew and keeps everything else. */
export function contextWithoutSpan(context: Context): Context {
  if (!trace.getSpan(context)) return context
  return isKnown ? new SpanlessLayer(context) : trace.deleteSpan(context)
}

/** The context with this span active; not shared with anyone yet. */
export function contextWithSpan(parent: Context, span: Span): Context {
  return isKnown ? new SpanLayer(parent, span) : trace.setSpan(parent, span)
}

/** Adds a value of ours to a context that is not shared with anyone yet. */
export function carryValue(context: Context, key: symbol, value: unknown): Context {
  return context instanceof SpanLayer ? context.carry(key, value) : context.setValue(key, value)
}
