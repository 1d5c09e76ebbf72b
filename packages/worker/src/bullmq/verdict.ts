import type { JobToProcess } from '../job.ts'
import { FAILED, judge, type Verdict } from '../verdict.ts'

// By name, as BullMQ itself decides: a project can hold two copies of its classes.
const STEERING: ReadonlyMap<unknown, Verdict> = new Map([
  ['DelayedError', { outcome: 'delayed', expected: true }],
  ['WaitingError', { outcome: 'waiting', expected: true }],
  ['WaitingChildrenError', { outcome: 'waiting_children', expected: true }],
  ['RateLimitError', { outcome: 'rate_limited', expected: true }],
  ['UnrecoverableError', FAILED],
])

/** What an error out of a processor means to BullMQ: some only move the job, one of them forbids a retry. */
export function judgeBullMQ(job: JobToProcess, error: unknown): Verdict {
  const name = typeof error === 'object' && error !== null && 'name' in error && error.name
  return STEERING.get(name) ?? judge(job, error)
}
