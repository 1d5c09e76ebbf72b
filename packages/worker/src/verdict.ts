import { guard } from '@throughline/core/integration'
import type { JobToProcess } from './job.ts'
import type { JobOutcome } from './outcome.ts'

/** Says what an error means for its attempt. */
export type Judge = (job: JobToProcess, error: unknown) => JobOutcome

/** `retry` while attempts are left, else `failed`; also where the queue does not say how many there are. */
export function judge(job: JobToProcess, error: unknown): JobOutcome {
  if (job.isExpected && guard('The hook "isExpected"', job.isExpected, error)) return 'expected'
  // The signal tells: an `AbortError` alone may as well be a time limit inside the job.
  if (job.signal?.aborted) return 'aborted'
  const { attempt, maxAttempts } = job
  return attempt !== undefined && maxAttempts !== undefined && attempt < maxAttempts
    ? 'retry'
    : 'failed'
}
