import { context, trace, type SpanOptions, type Span } from '@opentelemetry/api'
import { SCOPE } from '../scope.ts'
import { startOperation } from './operation.ts'
import { runToEnd } from './settle.ts'

/**
 * Runs `fn` in a span of its own, a child of the active one, and ends the span when `fn` is done: at return, or when its
 * promise settles. A throw or a rejection makes the span an error and reaches you unchanged.
 *
 * @example
 * ```ts
 * const price = await withSpan('quote price', () => quote(order))
 * ```
 */
export function withSpan<T>(name: string, fn: (span: Span) => T): T
export function withSpan<T>(name: string, options: SpanOptions, fn: (span: Span) => T): T
export function withSpan<T>(
  name: string,
  second: SpanOptions | ((span: Span) => T),
  third?: (span: Span) => T,
): T {
  const [options, fn] = typeof second === 'function' ? [{}, second] : [second, third!]
  const tracer = trace.getTracer(SCOPE.name, SCOPE.version)
  const operation = startOperation(tracer, name, options, context.active())
  return runToEnd(operation, () => fn(operation.span))
}
