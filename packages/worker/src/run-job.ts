import { runToEnd, type Operation } from '@throughline/core/integration'
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
  const operation = startProcess(settings.tracing, {
    system: settings.system,
    destination: job.queue,
    sender,
    relation: settings.relationOf(job),
    attributes: processAttributes(known, Date.now()),
    ...settings.nameOf('process', job),
  })
  return runAttempt(settings, operation, job, judge, fn)
}

/** Runs an attempt in a span that was started for it, and ends the span. */
export function runAttempt<T>(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  operation: Operation,
  job: JobToProcess,
  judge: Judge,
  fn: (attempt: JobAttempt) => T,
): T {
  const attempt = new Attempt(settings, operation, job)
  return runToEnd(operation, () => fn(attempt), {
    onResult: () => attempt.completed(),
    onError: (error) => attempt.failed(error, judge),
  })
}

/** What untraced work is given. */
export const NO_ATTEMPT: JobAttempt = { settle() {} }
