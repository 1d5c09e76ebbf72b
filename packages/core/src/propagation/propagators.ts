import {
  diag,
  trace,
  type Context,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { report } from '../guard.ts'
import { withConflict } from './conflict.ts'
import { contextWithSpan } from './layered-context.ts'
import { resolvePropagators, type PropagatorsOptions } from './propagators-options.ts'

/**
 * Makes one propagator of several formats, by name or of your own. What was read first and is valid wins; a carrier that
 * names another span in a later format gets a link to that one too, and one line at `debug`. Reading and writing may
 * differ, as a migration needs it.
 *
 * @throws InvalidOptionError for a format that does not exist; names in `OTEL_PROPAGATORS` are only warned of
 *
 * @example
 * ```ts
 * // from Zipkin to W3C: understand both, send both
 * startTracing({
 *   propagator: propagators({
 *     extract: ['tracecontext', 'b3', 'baggage'],
 *     inject: ['tracecontext', 'b3multi', 'baggage'],
 *   }),
 * })
 * ```
 */
export function propagators(options: PropagatorsOptions = {}): TextMapPropagator {
  const { extract, inject } = resolvePropagators(options)
  return new OrderedPropagator(extract, inject)
}

class OrderedPropagator implements TextMapPropagator {
  readonly #extract: readonly TextMapPropagator[]
  readonly #inject: readonly TextMapPropagator[]

  constructor(extract: readonly TextMapPropagator[], inject: readonly TextMapPropagator[]) {
    this.#extract = extract
    this.#inject = inject
  }

  /** Every field that is written or read, so that none is left over in a carrier that is used again. */
  fields(): string[] {
    return [...new Set([...this.#inject, ...this.#extract].flatMap((format) => format.fields()))]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    for (const format of this.#inject) {
      try {
        format.inject(context, carrier, setter)
      } catch (error) {
        report('Writing the context into a carrier', error)
      }
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    let found = context
    for (const format of this.#extract) {
      const next = extractBy(format, found, carrier, getter)
      if (next === found) continue
      found = found === context ? next : keepSender(context, found, next)
    }
    return found
  }
}

function extractBy(
  format: TextMapPropagator,
  context: Context,
  carrier: unknown,
  getter: TextMapGetter,
): Context {
  try {
    return format.extract(context, carrier, getter)
  } catch (error) {
    report('Reading the context of a carrier', error)
    return context
  }
}

/** What a later format adds to what was found: its baggage, and a link where its span is another one. */
function keepSender(before: Context, found: Context, next: Context): Context {
  const sender = trace.getSpanContext(found)
  const other = trace.getSpanContext(next)
  if (!sender || sender === trace.getSpanContext(before)) return next // no format has named one yet
  if (!other || other === sender) return next
  const kept = contextWithSpan(next, trace.getSpan(found)!)
  if (isSame(sender, other)) return kept
  const { traceId, spanId } = other
  diag.debug(
    `@throughline: a carrier names two spans; ${sender.traceId}/${sender.spanId} is the parent, ${traceId}/${spanId} is linked`,
  )
  return withConflict(kept, sender, other)
}

// Formats of 64 bits name the same trace by the end of its id.
function isSame(one: SpanContext, other: SpanContext): boolean {
  return one.spanId === other.spanId && one.traceId.slice(16) === other.traceId.slice(16)
}
