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
  readonly timestamp: number
  readonly opts: {
    readonly attempts?: number
    readonly delay?: number
    readonly telemetry?: { readonly metadata?: string } | undefined
  }
}

/** What BullMQ's telemetry knows of a job before it is processed. */
export interface JobQueue {
  readonly queue: string
}

/** The facts of an attempt, in the words of a job tracer. */
export function describeJob(job: BullMQJob): JobToProcess {
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
    carrier: opts.telemetry?.metadata,
  }
}
