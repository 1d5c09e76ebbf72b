import type { JobToProcess } from '../job.ts'
import type { JobOutcome } from '../outcome.ts'
import { judge } from '../verdict.ts'

// By name, as BullMQ itself decides: a project can hold two copies of its classes.
const STEERING: ReadonlyMap<unknown, JobOutcome> = new Map<unknown, JobOutcome>([
  ['DelayedError', 'delayed'],
  ['WaitingError', 'waiting'],
  ['WaitingChildrenError', 'waiting_children'],
  ['RateLimitError', 'rate_limited'],
  ['UnrecoverableError', 'failed'],
])

/** What an error out of a processor means to BullMQ: some only move the job, one of them forbids a retry. */
export function judgeBullMQ(job: JobToProcess, error: unknown): JobOutcome {
  const name = typeof error === 'object' && error !== null && 'name' in error && error.name
  return STEERING.get(name) ?? judge(job, error)
}
