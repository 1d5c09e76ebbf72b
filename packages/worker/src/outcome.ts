/**
 * What became of an attempt (`job.outcome`). `failed` and `retry` are errors; the others steer the queue on purpose:
 * `delayed`, `rate_limited`, `waiting` and `waiting_children` put the job back, `discarded` drops it, `aborted` called the
 * attempt off, `expected` is any other error that was declared to be none.
 */
export type JobOutcome =
  | 'completed'
  | 'retry'
  | 'failed'
  | 'delayed'
  | 'rate_limited'
  | 'waiting'
  | 'waiting_children'
  | 'discarded'
  | 'aborted'
  | 'expected'

const OUTCOMES: ReadonlySet<unknown> = new Set<JobOutcome>([
  'completed',
  'retry',
  'failed',
  'delayed',
  'rate_limited',
  'waiting',
  'waiting_children',
  'discarded',
  'aborted',
  'expected',
])

export function isOutcome(value: unknown): value is JobOutcome {
  return OUTCOMES.has(value)
}

/** Whether an attempt with that outcome is an error. */
export function isFailure(outcome: JobOutcome): boolean {
  return outcome === 'failed' || outcome === 'retry'
}
