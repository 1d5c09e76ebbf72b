import type { JobToProcess } from '../job.ts'
import { unpack } from '../payload-carrier.ts'

/** What is read of a job of pg-boss; the times are there with `includeMetadata: true` only. */
export interface BossJob {
  readonly id: string
  readonly name: string
  data: unknown
  readonly retryCount?: number
  readonly retryLimit?: number
  readonly signal?: AbortSignal
  readonly createdOn?: Date
  readonly startAfter?: Date
  readonly startedOn?: Date
}

/** Takes the carrier out of a job's data, and tells its facts. The times are the database's own. */
export function openJob(job: BossJob): JobToProcess {
  const { payload, carrier } = unpack(job.data)
  if (payload !== job.data) job.data = payload
  const { createdOn, startAfter, startedOn, retryCount, retryLimit } = job
  const readyAt = startAfter && createdOn && Math.max(startAfter.getTime(), createdOn.getTime())
  return {
    queue: job.name,
    name: job.name,
    id: job.id,
    attempt: retryCount === undefined ? undefined : retryCount + 1,
    maxAttempts: retryLimit === undefined ? undefined : retryLimit + 1,
    enqueuedAt: createdOn?.getTime(),
    // `startAfter` is set anew for each attempt.
    readyAt,
    startedAt: startedOn?.getTime(),
    signal: job.signal instanceof AbortSignal ? job.signal : undefined,
    carrier,
  }
}
