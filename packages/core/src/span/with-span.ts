import { context, trace, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api'
import { report } from '../guard.ts'
import { SCOPE } from '../scope.ts'
import { isExpected, type ExpectedErrors } from './expected.ts'
import { isIteration, runIteration } from './iteration.ts'
import { startOperation, type Operation } from './operation.ts'
import { isThenable } from './settle.ts'

/** What `withSpan` accepts beside what every span does: kind, attributes, links, start time. */
export interface WithSpanOptions extends SpanOptions {
  /**
   * Errors that are an outcome and no failure: a function that tells, classes, or a list of either. The span then ends
   * without a status, and the exception is not recorded. The error still reaches you.
   * @defaultValue every error is a failure
   */
  readonly expected?: ExpectedErrors
}

/**
 * Runs `fn` in a span of its own, a child of the active one, and ends the span when `fn` is done: at return, when its
 * promise settles, or, where it returns a generator or an async iterator, when the iteration ends. A throw or a rejection
 * makes the span an error and reaches you unchanged.
 *
 * @example
 * ```ts
 * const price = await withSpan('quote price', () => quote(order))
 * ```
 */
export function withSpan<T>(name: string, fn: (span: Span) => T): T
export function withSpan<T>(name: string, options: WithSpanOptions, fn: (span: Span) => T): T
export function withSpan<T>(
  name: string,
  second: WithSpanOptions | ((span: Span) => T),
  third?: (span: Span) => T,
): T {
  if (typeof second === 'function') return run(name, NO_OPTIONS, second)
  return run(name, second, third!)
}

const NO_OPTIONS: WithSpanOptions = {}

function run<T>(name: string, options: WithSpanOptions, fn: (span: Span) => T): T {
  const operation = startOperation(tracer(), name, options, context.active())
  let result: T
  try {
    result = context.with(operation.context, fn, undefined, operation.span)
  } catch (error) {
    fail(error, operation, options.expected)
    throw error
  }
  // Almost all results are promises or plain values: a plain value must not pay for being looked at twice.
  if (typeof result !== 'object' && typeof result !== 'function') operation.end()
  else if (isThenable(result)) return whenSettled(operation, result, options.expected) as T
  else if (!isIteration(result) || !iterates(operation, result, options.expected)) operation.end()
  return result
}

function whenSettled(
  operation: Operation,
  result: PromiseLike<unknown>,
  expected: ExpectedErrors | undefined,
): PromiseLike<unknown> {
  return result.then(
    (value) => {
      operation.end()
      return value
    },
    (error: unknown) => {
      fail(error, operation, expected)
      throw error
    },
  )
}

/** An iterator that cannot be followed, such as a frozen one, costs the span its length only. */
function iterates(
  operation: Operation,
  result: object,
  expected: ExpectedErrors | undefined,
): boolean {
  try {
    runIteration(operation, result, (error) => fail(error, operation, expected))
    return true
  } catch (fault) {
    report('Following an iteration', fault)
    return false
  }
}

function fail(error: unknown, operation: Operation, expected: ExpectedErrors | undefined): void {
  if (isExpected(expected, error)) operation.end()
  else operation.fail(error)
}

let known: { readonly provider: unknown; readonly tracer: Tracer } | undefined

/** The tracer, looked up again only when another SDK is registered: the SDKs make a key of strings at each look-up. */
function tracer(): Tracer {
  const global = trace.getTracerProvider() as { getDelegate?: () => unknown }
  const provider = global.getDelegate?.() ?? global
  if (known?.provider !== provider) {
    known = { provider, tracer: trace.getTracer(SCOPE.name, SCOPE.version) }
  }
  return known.tracer
}
