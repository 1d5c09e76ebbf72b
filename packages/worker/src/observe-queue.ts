import { metrics, type MeterProvider, type ObservableResult } from '@opentelemetry/api'
import { ATTR, InvalidOptionError, report } from '@throughline/core/integration'
import { SCOPE } from './scope.ts'

/** A queue whose depth is to be observed. */
export interface ObservedQueue {
  /** `messaging.system`: the name of the queue's engine. */
  readonly system: string
  readonly queue: string
  /**
   * Counts the jobs of each state, such as BullMQ's `() => queue.getJobCounts()`. Called at each collection, and never
   * again before the last call is done.
   */
  readonly count: () => Counts | Promise<Counts>
  /** @defaultValue the global one, as it is when you call this */
  readonly meterProvider?: MeterProvider
}

type Counts = Readonly<Record<string, number>>

/**
 * Observes how many jobs wait in a queue, by state, as the gauge `job.queue.depth`. A count that fails is reported, and
 * the gauge says nothing of that moment. Call what comes back to stop.
 *
 * @example
 * ```ts
 * const stop = observeQueue({ system: 'bullmq', queue: 'mail', count: () => queue.getJobCounts() })
 * ```
 */
export function observeQueue(observed: ObservedQueue): () => void {
  const { system, queue, count, meterProvider = metrics.getMeterProvider() } = observed
  if (typeof count !== 'function') {
    throw new InvalidOptionError('observeQueue', 'count', 'a function', count)
  }
  const gauge = meterProvider
    .getMeter(SCOPE.name, SCOPE.version)
    .createObservableGauge('job.queue.depth', {
      unit: '{job}',
      description: 'Number of jobs in a queue, by state.',
    })
  let counting = false
  const observe = async (result: ObservableResult): Promise<void> => {
    if (counting) return
    counting = true
    try {
      const series = { [ATTR.messagingSystem]: system, [ATTR.messagingDestination]: queue }
      for (const [state, jobs] of Object.entries(await count())) {
        if (Number.isFinite(jobs)) result.observe(jobs, { ...series, 'job.state': state })
      }
    } catch (error) {
      report('Counting the jobs of a queue', error)
    } finally {
      counting = false
    }
  }
  gauge.addCallback(observe)
  return () => gauge.removeCallback(observe)
}
