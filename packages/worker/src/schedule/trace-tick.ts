import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { resolveJobTracing, type JobTracingOptions } from '../options.ts'
import { tracedTick, type Tick, type TickOptions } from '../tick.ts'

/** What is known of a schedule, and how its ticks are traced. */
export type ScheduleTracingOptions = TickOptions &
  Omit<JobTracingOptions<JobToProcess, JobToEnqueue>, 'relation'>

/**
 * Wraps what `setInterval`, cron, node-cron, croner or any other timer calls: each tick is a trace of its own, whoever set
 * the timer up. Ticks that overlap, come late or are left out are seen on the span.
 *
 * @example
 * ```ts
 * setInterval(traceTick({ name: 'sweep carts', everyMs: 60_000 }, sweep), 60_000)
 * new Cron('0 3 * * *', traceTick({ name: 'nightly report', schedule: '0 3 * * *' }, report))
 * ```
 */
export function traceTick<A extends unknown[], T>(
  options: ScheduleTracingOptions,
  fn: (this: unknown, ...args: A) => T,
): Tick<A, T> {
  return tracedTick(resolveJobTracing('traceTick', 'schedule', options), options, fn)
}
