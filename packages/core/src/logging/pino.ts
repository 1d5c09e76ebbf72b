import { context, trace, type SpanContext } from '@opentelemetry/api'
import { FieldSource, sourceOf, type LogFields, type LogOptions, type LogPreset } from './fields.ts'

// Registered, so that the ESM and the CommonJS copy of this package know each other's children.
const kBound: unique symbol = Symbol.for('@throughline/core.boundSpan')

/** A logger that may have the ids of a span bound. */
interface Bound {
  readonly [kBound]?: SpanContext
}

const UNBOUND: Bound = {}

/** What pino calls with the fields of a line, its level and its logger. */
export type LogMixin = (line?: object, level?: number, logger?: object) => LogFields

/**
 * For pino's `mixin`: every line carries the active span's ids. A line of a child that has them already, made by
 * `traceChild`, is given a span id only where another span is active.
 *
 * @example
 * ```ts
 * const log = pino({ mixin: traceMixin() })
 * ```
 */
export function traceMixin(options?: LogPreset | LogOptions): LogMixin {
  const source = new FieldSource('traceMixin', options)
  return (_line, _level, logger: Bound = UNBOUND) => source.fields(context.active(), logger[kBound])
}

/** A logger with children: pino, winston, or anything that has `child`. */
export interface ParentLogger {
  child(bindings: LogFields): unknown
}

/**
 * A child logger whose lines all carry the ids of the span that is active now: made once for each request or message, it
 * costs a fraction of looking them up for each line. With `traceMixin` on its parent, lines from spans further in get
 * their own span id. Where no span is active, it is the logger itself.
 *
 * @example
 * ```ts
 * const log = traceChild(parentLog)
 * ```
 */
export function traceChild<L extends ParentLogger>(logger: L, options?: LogPreset | LogOptions): L {
  const active = context.active()
  const fields = sourceOf('traceChild', options).fields(active)
  if (Object.keys(fields).length === 0) return logger
  const child = logger.child(fields) as L
  const bound = trace.getSpanContext(active)
  if (bound && Object.isExtensible(child)) Object.defineProperty(child, kBound, { value: bound })
  return child
}
