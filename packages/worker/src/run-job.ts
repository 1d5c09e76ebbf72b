import { ATTR, runToEnd, type Operation } from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import { readCarrier } from './carrier.ts'
import type { JobToProcess } from './job.ts'
import { processAttributes } from './job-attributes.ts'
import type { JobTracing } from './options.ts'
import type { Verdict } from './verdict.ts'

/** Runs one attempt in its CONSUMER span, from start to outcome. */
export function runJob<T>(
  settings: JobTracing<JobToProcess>,
  job: JobToProcess,
  judge: (job: JobToProcess, error: unknown) => Verdict,
  fn: () => T,
): T {
  const { sender, at } = readCarrier(settings.tracing, job.carrier)
  const known = { ...job, enqueuedAt: job.enqueuedAt ?? at }
  const operation = startProcess(settings.tracing, {
    system: settings.system,
    destination: job.queue,
    sender,
    relation: settings.relationOf(job),
    attributes: processAttributes(known, Date.now()),
  })
  return runToEnd(operation, fn, {
    onResult: completed,
    onError: (error) => fail(operation, error, judge(job, error)),
  })
}

function completed(_result: unknown, operation: Operation): void {
  operation.set({ [ATTR.jobOutcome]: 'completed' })
}

function fail(operation: Operation, error: unknown, verdict: Verdict): void {
  operation.set({ [ATTR.jobOutcome]: verdict.outcome })
  if (!verdict.expected) operation.fail(error)
}
