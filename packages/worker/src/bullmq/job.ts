import type { JobToProcess } from '../job.ts'

/** What is read of a BullMQ job. Every `Job` is one. */
export interface BullMQJob {
  readonly id?: string | undefined
  readonly name: string
  readonly queueName: string
  /** Attempts that are over. */
  readonly attemptsMade: number
  /** How often the job was started, this time included; a stalled or delayed job was started without an attempt made. */
  readonly attemptsStarted?: number
  /** How often it was taken back from a worker that was gone. */
  readonly stalledCounter?: number
  readonly timestamp: number
  /** Of a run that a job scheduler made. */
  readonly repeatJobKey?: string | undefined
  readonly parent?: { readonly id?: string } | undefined
  readonly opts: {
    readonly attempts?: number
    readonly delay?: number
    readonly telemetry?: { readonly metadata?: string } | undefined
  }
}

/** What BullMQ's telemetry knows of a job. */
export interface JobQueue {
  readonly queue: string
  /** Not known yet before a job is processed, nor of the jobs of a bulk. */
  readonly name?: string | undefined
  /** Known at the end, when the `attributes` option is asked. */
  readonly id?: string | undefined
}

/** The facts of an attempt, in the words of a job tracer. */
export function describeJob(job: BullMQJob, signal?: unknown): JobToProcess {
  const { opts } = job
  return {
    queue: job.queueName,
    name: job.name,
    id: job.id,
    attempt: job.attemptsMade + 1,
    // BullMQ stores 0 where the option is absent, and runs such a job once.
    maxAttempts: Math.max(opts.attempts ?? 1, 1),
    enqueuedAt: job.timestamp,
    // The delay that was asked for: `job.delay` changes with every back-off.
    delayMs: opts.delay || undefined,
    redelivered: (job.attemptsStarted ?? 0) > job.attemptsMade + 1,
    stalledCount: job.stalledCounter || undefined,
    parentId: job.parent?.id,
    schedule: job.repeatJobKey,
    signal: signal instanceof AbortSignal ? signal : undefined,
    carrier: opts.telemetry?.metadata,
  }
}
