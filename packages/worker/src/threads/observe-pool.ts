import { metrics, type BatchObservableCallback, type MeterProvider } from '@opentelemetry/api'
import { InvalidOptionError, report } from '@throughline/core/integration'
import { SCOPE } from '../scope.ts'

/** What is read of a pool. Piscina's and Tinypool's have it. */
export interface ObservablePool {
  readonly threads: readonly unknown[]
  readonly queueSize: number
  readonly completed: number
}

export interface PoolObservation {
  /** What the pool is called (`job.pool.name`): of low cardinality. */
  readonly name: string
  readonly pool: ObservablePool
  /** @defaultValue the global one, as it is when you call this */
  readonly meterProvider?: MeterProvider
}

/**
 * Observes a pool of threads: how many there are (`job.pool.threads`), how many tasks wait for one (`job.pool.waiting`) and
 * how many are done (`job.pool.completed`). Call what comes back to stop.
 *
 * @example
 * ```ts
 * const stop = observePool({ name: 'labels', pool })
 * ```
 */
export function observePool(observation: PoolObservation): () => void {
  const { name, pool, meterProvider = metrics.getMeterProvider() } = observation
  if (typeof name !== 'string')
    throw new InvalidOptionError('observePool', 'name', 'a string', name)
  const meter = meterProvider.getMeter(SCOPE.name, SCOPE.version)
  const threads = meter.createObservableGauge('job.pool.threads', {
    unit: '{thread}',
    description: 'Number of threads of a pool.',
  })
  const waiting = meter.createObservableGauge('job.pool.waiting', {
    unit: '{task}',
    description: 'Number of tasks that wait for a thread.',
  })
  const completed = meter.createObservableCounter('job.pool.completed', {
    unit: '{task}',
    description: 'Number of tasks that are done.',
  })
  const series = { 'job.pool.name': name }
  const observe: BatchObservableCallback = (result) => {
    try {
      result.observe(threads, pool.threads.length, series)
      result.observe(waiting, pool.queueSize, series)
      result.observe(completed, pool.completed, series)
    } catch (error) {
      report('Observing a pool', error)
    }
  }
  const observables = [threads, waiting, completed]
  meter.addBatchObservableCallback(observe, observables)
  return () => meter.removeBatchObservableCallback(observe, observables)
}
