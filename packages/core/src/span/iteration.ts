import { context } from '@opentelemetry/api'
import type { Operation } from './operation.ts'
import { isThenable } from './settle.ts'

type Step = (this: unknown, ...args: unknown[]) => unknown
type Failed = (error: unknown, operation: Operation) => void

const STEPS = ['next', 'return', 'throw'] as const

/** Whether a value is work that is done step by step: a generator, or any async iterator. Not a list or a stream. */
export function isIteration(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    if (Object.prototype.toString.call(value) === '[object Generator]') return true
    const { next, [Symbol.asyncIterator]: iterate } = value as Record<symbol | string, unknown>
    return typeof next === 'function' && typeof iterate === 'function'
  } catch {
    return false
  }
}

/**
 * Has an operation last as long as an iteration: it is active in each step and ends with the last one, at a throw, or
 * when the consumer stops early and says so by `return()`, as `for ... of` does. The iterator stays the same object, of
 * the same type; only its steps become its own. One that is never iterated to an end never ends its operation.
 */
export function runIteration<T extends object>(
  operation: Operation,
  iterator: T,
  failed: Failed,
): T {
  const steps = iterator as Record<(typeof STEPS)[number], Step | undefined>
  const isAsync = Symbol.asyncIterator in iterator
  for (const name of STEPS) {
    // An async iterator need not have a `return`; without one, a consumer that stops early would leave no trace of it.
    const step = steps[name] ?? (name === 'return' && isAsync ? stopped : undefined)
    if (typeof step !== 'function') continue
    const value = tracedStep(operation, step, failed)
    Object.defineProperty(iterator, name, { value, writable: true, configurable: true })
  }
  return iterator
}

function tracedStep(operation: Operation, step: Step, failed: Failed): Step {
  return function (this: unknown, ...args) {
    if (operation.ended) return step.apply(this, args)
    let result: unknown
    try {
      result = context.with(operation.context, step, this, ...args)
    } catch (error) {
      failed(error, operation)
      throw error
    }
    if (!isThenable(result)) return noteEnd(operation, result)
    return result.then(
      (value) => noteEnd(operation, value),
      (error: unknown) => {
        failed(error, operation)
        throw error
      },
    )
  }
}

function noteEnd(operation: Operation, result: unknown): unknown {
  if ((result as { done?: unknown } | null | undefined)?.done) operation.end()
  return result
}

function stopped(value: unknown): Promise<IteratorResult<unknown>> {
  return Promise.resolve({ done: true, value })
}
