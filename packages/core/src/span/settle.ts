import type { Operation } from './operation.ts'
import { report } from '../guard.ts'

/** What an integration adds when the work of an operation is done. */
export interface Outcome<T> {
  /** Called with the result before the span ends; what it throws is reported and goes no further. */
  readonly onResult?: (result: Awaited<T>, operation: Operation) => void
  /** Called with the error; must end the operation. Default: it fails with that error. */
  readonly onError?: (error: unknown, operation: Operation) => void
}

/**
 * Runs `fn` with the operation's span active and ends it when the work is done: at return, or when the promise (or any
 * thenable) settles. Result and error pass through unchanged.
 */
export function runToEnd<T>(operation: Operation, fn: () => T, outcome: Outcome<T> = {}): T {
  let result: T
  try {
    result = operation.run(fn)
    if (isThenable(result)) return whenSettled(operation, result, outcome) as T
  } catch (error) {
    failed(operation, error, outcome)
    throw error
  }
  succeeded(operation, result as Awaited<T>, outcome)
  return result
}

function whenSettled<T>(
  operation: Operation,
  result: PromiseLike<unknown>,
  outcome: Outcome<T>,
): PromiseLike<unknown> {
  return result.then(
    (value) => {
      succeeded(operation, value as Awaited<T>, outcome)
      return value
    },
    (error: unknown) => {
      failed(operation, error, outcome)
      throw error
    },
  )
}

function succeeded<T>(operation: Operation, result: Awaited<T>, outcome: Outcome<T>): void {
  if (outcome.onResult) {
    try {
      outcome.onResult(result, operation)
    } catch (fault) {
      report('Describing a result', fault)
    }
  }
  operation.end()
}

function failed<T>(operation: Operation, error: unknown, outcome: Outcome<T>): void {
  try {
    if (outcome.onError) outcome.onError(error, operation)
    else operation.fail(error)
  } catch (fault) {
    report('Describing an error', fault)
  }
  operation.end()
}

/** Whether a value is a promise of any kind. One whose `then` cannot even be read is none. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  try {
    return typeof (value as { then?: unknown }).then === 'function'
  } catch {
    return false
  }
}
