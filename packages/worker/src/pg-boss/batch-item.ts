import type { RunItem } from '../run-batch.ts'

const items = new WeakMap<object, { readonly runItem: RunItem; readonly index: number }>()

/** Keeps for each job of a batch how to run it, as long as the job lives. */
export function rememberItems(jobs: readonly object[], runItem: RunItem): void {
  for (const [index, job] of jobs.entries()) items.set(job, { runItem, index })
}

/**
 * Runs `fn` in a span for one job of a batch, below the batch's span and linked to the job's own send. Pass the very job
 * that your handler got; with any other, `fn` runs without a span of its own.
 *
 * @example
 * ```ts
 * await boss.work('mail', { batchSize: 20 }, async (jobs) => {
 *   for (const job of jobs) await traceBossJob(job, () => send(job.data))
 * })
 * ```
 */
export function traceBossJob<T>(job: object, fn: () => T): T {
  const item = items.get(job)
  return item ? item.runItem(item.index, () => fn()) : fn()
}
