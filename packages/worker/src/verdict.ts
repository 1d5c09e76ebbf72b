import { guard } from '@throughline/core/integration'
import type { JobToProcess } from './job.ts'

/** What an error means for its attempt. */
export interface Verdict {
  /** `job.outcome` */
  readonly outcome: string
  /** An expected error steers the queue and does not make the span an error. */
  readonly expected: boolean
}

const EXPECTED: Verdict = { outcome: 'expected', expected: true }
const RETRY: Verdict = { outcome: 'retry', expected: false }
export const FAILED: Verdict = { outcome: 'failed', expected: false }

/** `retry` while attempts are left, else `failed`; also where the queue does not say how many there are. */
export function judge(job: JobToProcess, error: unknown): Verdict {
  if (job.isExpected && guard('The hook "isExpected"', job.isExpected, error)) return EXPECTED
  const { attempt, maxAttempts } = job
  return attempt !== undefined && maxAttempts !== undefined && attempt < maxAttempts
    ? RETRY
    : FAILED
}
