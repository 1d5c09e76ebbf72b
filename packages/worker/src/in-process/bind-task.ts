import { context, type Context } from '@opentelemetry/api'
import { like } from './like.ts'

/** A value that waits in a queue, with the context that it was put there in. For `boundWorker`. */
export class BoundTask<T> {
  readonly value: T
  readonly context: Context

  constructor(value: T, taskContext: Context) {
    this.value = value
    this.context = taskContext
  }
}

/**
 * Binds a task to the context that is active now, for queues that would run it in the context of whichever task came
 * before: `fastq`, `async.queue`, an RxJS `Subject`, a `Transform`, callbacks of `pg`. A function is bound as it is; a
 * value is wrapped, and `boundWorker` unwraps it.
 *
 * @example
 * ```ts
 * pool.query('SELECT 1', bindTask((error, result) => done(error, result)))
 * queue.push(bindTask(order)) // const queue = fastq(boundWorker(ship), 1)
 * ```
 */
export function bindTask<F extends (...args: never[]) => unknown>(fn: F): F
export function bindTask<T>(value: T): BoundTask<T>
export function bindTask(task: unknown): unknown {
  const bound = context.active()
  if (typeof task !== 'function') return new BoundTask(task, bound)
  const fn = task as (this: unknown, ...args: unknown[]) => unknown
  return like(boundTo(bound, fn), fn)
}

function boundTo(
  bound: Context,
  fn: (this: unknown, ...args: unknown[]) => unknown,
): (this: unknown, ...args: unknown[]) => unknown {
  return function (this: unknown, ...args: unknown[]): unknown {
    return context.with(bound, fn, this, ...args)
  }
}
