import {
  ROOT_CONTEXT,
  propagation,
  trace,
  type Baggage,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api'

// The api keeps its keys to itself, so they are asked for rather than assumed.
const NO_SPAN = { traceId: '', spanId: '', traceFlags: 0 }
const SPAN = keyUsedBy((context) => trace.setSpanContext(context, NO_SPAN))
const BAGGAGE = keyUsedBy((context) => propagation.setBaggage(context, propagation.createBaggage()))

/** The span is that of the context below. */
const BELOW = Symbol('below')
const NONE: readonly unknown[] = []

// Registered, so that the layers of two copies of this package do not pile up on each other.
const kFlatten: unique symbol = Symbol.for('@throughline/core.flattenContext')

/**
 * A span and values over another context. The api's own contexts copy all that they hold for each value that is set, and
 * make three functions that V8 puts among its old objects at once: they, and with them the spans and requests that the
 * context holds, stay until the next full collection, and every small one has to carry them along.
 *
 * There is one layer at most, and a key stands in it once, so a chain of spans without end keeps nothing alive.
 */
class LayeredContext implements Context {
  readonly #below: Context
  readonly #span: unknown
  /** Keys and values in turns: there are few, so looking through them is faster than a map. */
  readonly #values: readonly unknown[]

  private constructor(below: Context, span: unknown, values: readonly unknown[]) {
    this.#below = below
    this.#span = span
    this.#values = values
  }

  static over(context: Context): LayeredContext {
    if (context instanceof LayeredContext) return context
    return new LayeredContext(flatten(context), BELOW, NONE)
  }

  static withSpan(context: Context, span: Span | undefined): LayeredContext {
    if (context instanceof LayeredContext) {
      return new LayeredContext(context.#below, span, context.#values)
    }
    return new LayeredContext(flatten(context), span, NONE)
  }

  getValue(key: symbol): unknown {
    if (key === SPAN && this.#span !== BELOW) return this.#span
    const values = this.#values
    for (let at = 0; at < values.length; at += 2) if (values[at] === key) return values[at + 1]
    // ROOT holds nothing, which it takes as long to say as all of the above.
    return this.#below === ROOT_CONTEXT ? undefined : this.#below.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN) return new LayeredContext(this.#below, value, this.#values)
    const at = this.#values.indexOf(key)
    const values = at === -1 ? [...this.#values, key, value] : this.#values.with(at + 1, value)
    return new LayeredContext(this.#below, this.#span, values)
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined)
  }

  /** @internal The same as a context of the api. */
  [kFlatten](): Context {
    let flat = this.#below
    if (this.#span !== BELOW) flat = flat.setValue(SPAN, this.#span)
    for (let at = 0; at < this.#values.length; at += 2) {
      flat = flat.setValue(this.#values[at] as symbol, this.#values[at + 1])
    }
    return flat
  }
}

/** A context of another copy of this package as one of the api's; any other as it is. */
function flatten(context: Context): Context {
  return (context as Partial<LayeredContext>)[kFlatten]?.() ?? context
}

/** As empty as ROOT: what the api or a propagator makes of it is none of the api's own contexts. */
export const EMPTY_CONTEXT: Context = LayeredContext.over(ROOT_CONTEXT)

/** The context with this value, made without one of the api's. */
export function contextWith(context: Context, key: symbol, value: unknown): Context {
  return LayeredContext.over(context).setValue(key, value)
}

/** The context with this span active. */
export function contextWithSpan(context: Context, span: Span): Context {
  return LayeredContext.withSpan(context, span)
}

/** The context with this remote span. */
export function contextWithRemoteSpan(context: Context, spanContext: SpanContext): Context {
  return LayeredContext.withSpan(context, trace.wrapSpanContext(spanContext))
}

/** The context without its span, for a trace that starts anew and keeps everything else. */
export function contextWithoutSpan(context: Context): Context {
  return trace.getSpan(context) ? LayeredContext.withSpan(context, undefined) : context
}

/** The context with this baggage, or with none. */
export function contextWithBaggage(context: Context, baggage: Baggage | undefined): Context {
  return contextWith(context, BAGGAGE, baggage)
}

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
