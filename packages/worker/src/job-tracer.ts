import { context } from '@opentelemetry/api'
import { runToEnd } from '@throughline/core/integration'
import { startSend } from '@throughline/core/messaging'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import type { JobAttempt } from './attempt.ts'
import { writeCarrier, type JobCarrier } from './carrier.ts'
import type { JobBatch, JobToEnqueue, JobToProcess } from './job.ts'
import { enqueueAttributes } from './job-attributes.ts'
import { resolveJobTracing, type JobTracing, type JobTracingOptions } from './options.ts'
import { runBatch, runUntraced, type RunItem } from './run-batch.ts'
import { NO_ATTEMPT, runJob } from './run-job.ts'
import { tracedTick, type Tick, type TickOptions } from './tick.ts'
import { judge } from './verdict.ts'

export interface JobTracerOptions extends JobTracingOptions<JobToProcess, JobToEnqueue> {
  /** `messaging.system`: the name of the queue's engine. */
  readonly system: string
}

/** Traces the jobs of one queue system. No function changes a result or an error, and none throws one. */
export interface JobTracer {
  /**
   * Runs `push` in a PRODUCER span `send <queue>`. Store the carrier beside the job's data: it is small, plain JSON.
   */
  enqueue<T>(job: JobToEnqueue, push: (carrier: JobCarrier) => T): T
  /**
   * Runs one attempt of a job in a CONSUMER span `process <queue>`, started from the job's own carrier and never from
   * the context of the loop that fetched it. An attempt that throws or rejects is an error on its own span; where no
   * error says how it ended, `attempt.settle` does.
   */
  process<T>(job: JobToProcess, fn: (attempt: JobAttempt) => T): T
  /**
   * Runs the processing of many jobs in one CONSUMER span: a trace of its own that links to each sender. `runItem(index,
   * fn)` runs one of them in a span of its own below it, which links to that job's sender.
   */
  processBatch<T>(batch: JobBatch, fn: (runItem: RunItem) => T): T
  /**
   * Wraps what a timer or a cron library calls: each call is a trace of its own, whoever set the timer up. Overlapping
   * and missed ticks are on the span.
   */
  tick<A extends unknown[], T>(
    options: TickOptions,
    fn: (this: unknown, ...args: A) => T,
  ): Tick<A, T>
}

/**
 * Traces jobs over any queue: a table, a list in Redis, a vendor's API.
 *
 * @example
 * ```ts
 * const jobs = createJobTracer({ system: 'outbox' })
 * await jobs.enqueue({ queue: 'mail', name: 'welcome' }, (trace) => db.insert({ to, trace }))
 * await jobs.process({ queue: 'mail', name: 'welcome', carrier: row.trace }, () => sendMail(row.to))
 * ```
 */
export function createJobTracer(options: JobTracerOptions): JobTracer {
  const settings = resolveJobTracing('createJobTracer', options.system, options)
  const off = (): boolean => !settings.enabled || isTracingSuppressed(context.active())
  return {
    enqueue: (job, push) =>
      off() ? push({ v: 1, at: Date.now() }) : runEnqueue(settings, job, push),
    process: (job, fn) => (off() ? fn(NO_ATTEMPT) : runJob(settings, job, judge, fn)),
    processBatch: (batch, fn) => (off() ? fn(runUntraced) : runBatch(settings, batch, fn)),
    tick: (tickOptions, fn) => tracedTick(settings, tickOptions, fn),
  }
}

/** Runs a push in its PRODUCER span. */
export function runEnqueue<T>(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  job: JobToEnqueue,
  push: (carrier: JobCarrier) => T,
): T {
  if (settings.ignores(job)) {
    const carrier: JobCarrier = { v: 1, at: Date.now() }
    return context.with(suppressTracing(context.active()), () => push(carrier))
  }
  const { tracing, system } = settings
  const operation = startSend(tracing, {
    system,
    destination: job.queue,
    attributes: enqueueAttributes(job),
    ...(job.count !== undefined && { messageCount: job.count }),
    spanName: settings.nameOf('send', job),
  })
  return runToEnd(operation, () => push(writeCarrier(tracing, operation.context)), {
    onResult: () => settings.describe(operation, { operation: 'send', job }),
    onError(error) {
      settings.describe(operation, { operation: 'send', job, error })
      operation.fail(error)
    },
  })
}
