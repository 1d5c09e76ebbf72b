import { ATTR, runToEnd, type Operation } from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import { Attempt, type JobAttempt } from './attempt.ts'
import { readCarrier } from './carrier.ts'
import type { JobToEnqueue, JobToProcess } from './job.ts'
import { processAttributes } from './job-attributes.ts'
import { runIgnored, type JobTracing } from './options.ts'
import type { Judge } from './verdict.ts'

/** Runs one attempt in its CONSUMER span, from start to outcome. */
export function runJob<T>(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  job: JobToProcess,
  judge: Judge,
  fn: (attempt: JobAttempt) => T,
): T {
  if (settings.ignores(job)) return runIgnored(() => fn(NO_ATTEMPT))
  const { sender, at } = readCarrier(settings.tracing, job.carrier)
  const known = job.enqueuedAt === undefined && at !== undefined ? { ...job, enqueuedAt: at } : job
  const attributes = processAttributes(known, Date.now())
  const operation = startProcess(settings.tracing, {
    system: settings.system,
    destination: job.queue,
    sender,
    relation: settings.relationOf(job),
    attributes,
    spanName: settings.nameOf('process', job),
  })
  const attempt = new Attempt(settings, operation, job, attributes[ATTR.jobQueueWait])
  return runAttempt(attempt, operation, judge, fn)
}

/** Runs an attempt in the span that was started for it, and ends the span. */
export function runAttempt<T>(
  attempt: Attempt,
  operation: Operation,
  judge: Judge,
  fn: (attempt: JobAttempt) => T,
): T {
  return runToEnd(operation, () => fn(attempt), {
    onResult: () => attempt.completed(),
    onError: (error) => attempt.failed(error, judge),
  })
}

/** What untraced work is given. */
export const NO_ATTEMPT: JobAttempt = { settle() {} }
