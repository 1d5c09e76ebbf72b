import { guard, isThenable, runToEnd, type Operation } from '@throughline/core/integration'
import { Observable, isObservable } from 'rxjs'
import { isGenerator, runGenerator } from './generator.ts'
import { subscribeWithin, type Fail } from './operation-subscriber.ts'

/** What happens to the operation of a call when the work is done. */
export interface CallOutcome {
  readonly onError: Fail
  readonly onResult?: (result: unknown, operation: Operation) => void
  /** Starts the operation of a second subscription to the same Observable. */
  readonly restart: () => Operation
}

/** Ends the operation of an Observable or generator that nobody ever asked for anything; such a one did no work. */
const forgotten = new FinalizationRegistry<{ operation: Operation; returnedAt: number }>(
  ({ operation, returnedAt }) => operation.end(returnedAt),
)

/**
 * Runs a call with the operation's span active and ends it when the work is done: at return, when the promise settles,
 * or when the Observable or generator ends. Results and errors pass through unchanged; these two behave the same.
 */
export function runCall(operation: Operation, call: () => unknown, outcome: CallOutcome): unknown {
  let result: unknown
  try {
    result = operation.run(call)
  } catch (error) {
    outcome.onError(error, operation)
    throw error
  }
  if (typeof result === 'object' && result !== null) {
    if (isCold(result)) return observeToEnd(operation, result, outcome)
    if (isThenable(result)) return runToEnd(operation, () => result, outcome)
    if (isGenerator(result))
      return forget(runGenerator(operation, result, outcome.onError), operation)
  }
  const { onResult } = outcome
  if (onResult) guard('Describing a result', onResult, result, operation)
  operation.end()
  return result
}

/** A subject is somebody's open stream, not the result of this call: it is left alone, and so is a subclass. */
function isCold(value: unknown): value is Observable<unknown> {
  return isObservable(value) && Object.getPrototypeOf(value) === Observable.prototype
}

function observeToEnd(
  operation: Operation,
  source: Observable<unknown>,
  { onError, restart }: CallOutcome,
): Observable<unknown> {
  let unused: Operation | undefined = operation
  const observed = new Observable<unknown>((subscriber) => {
    if (subscriber.closed) return
    const current = unused ?? restart()
    unused = undefined
    forgotten.unregister(current)
    subscribeWithin(current, () => source, subscriber, onError)
  })
  return forget(observed, operation)
}

function forget<T extends object>(result: T, operation: Operation): T {
  forgotten.register(result, { operation, returnedAt: performance.now() }, operation)
  return result
}
