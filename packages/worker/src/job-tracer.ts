import { context } from '@opentelemetry/api'
import { runToEnd } from '@throughline/core/integration'
import { startSend } from '@throughline/core/messaging'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { writeCarrier, type JobCarrier } from './carrier.ts'
import type { JobToEnqueue, JobToProcess } from './job.ts'
import { enqueueAttributes } from './job-attributes.ts'
import { resolveJobTracing, type JobTracingOptions } from './options.ts'
import { runJob } from './run-job.ts'
import { judge } from './verdict.ts'

export interface JobTracerOptions extends JobTracingOptions<JobToProcess> {
  /** `messaging.system`: the name of the queue's engine. */
  readonly system: string
}

/** Traces the jobs of one queue system. Neither function changes a result or an error, and neither throws one. */
export interface JobTracer {
  /**
   * Runs `push` in a PRODUCER span `send <queue>`. Store the carrier beside the job's data: it is small, plain JSON.
   */
  enqueue<T>(job: JobToEnqueue, push: (carrier: JobCarrier) => T): T
  /**
   * Runs one attempt of a job in a CONSUMER span `process <queue>`, started from the job's own carrier and never from
   * the context of the loop that fetched it. An attempt that throws or rejects is an error on its own span.
   */
  process<T>(job: JobToProcess, fn: () => T): T
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
  const { tracing, system, enabled } = settings
  const off = (): boolean => !enabled || isTracingSuppressed(context.active())
  return {
    enqueue(job, push) {
      if (off()) return push({ v: 1, at: Date.now() })
      const operation = startSend(tracing, {
        system,
        destination: job.queue,
        attributes: enqueueAttributes(job),
      })
      return runToEnd(operation, () => push(writeCarrier(tracing, operation.context)))
    },
    process(job, fn) {
      return off() ? fn() : runJob(settings, job, judge, fn)
    },
  }
}
