import { context } from '@opentelemetry/api'
import { BoundTask } from './bind-task.ts'
import { like } from './like.ts'

/**
 * Wraps the worker of a queue in this process, so that each value from `bindTask` is worked on in the context that it was
 * put into the queue in. A value that is not bound is passed on as it is, in the context that the queue calls in.
 *
 * @example
 * ```ts
 * const queue = fastq.promise(boundWorker(ship), 1)
 * queue.push(bindTask(order))
 * ```
 */
export function boundWorker<T, A extends unknown[], R>(
  worker: (this: any, value: T, ...rest: A) => R,
): (this: any, task: T | BoundTask<T>, ...rest: A) => R {
  function bound(this: unknown, task: T | BoundTask<T>, ...rest: A): R {
    if (!(task instanceof BoundTask)) return worker.call(this, task, ...rest)
    return context.with(task.context, worker, this, task.value, ...rest)
  }
  Object.defineProperty(bound, 'name', { value: worker.name, configurable: true })
  return like(bound, worker)
}
