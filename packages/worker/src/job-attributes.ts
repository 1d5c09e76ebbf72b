import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '@throughline/core/integration'
import type { JobToEnqueue, JobToProcess } from './job.ts'

export function enqueueAttributes(job: JobToEnqueue): Attributes {
  const attributes: Attributes = { [ATTR.jobName]: job.name }
  if (job.id !== undefined) attributes[ATTR.messagingMessageId] = job.id
  addSeconds(attributes, ATTR.jobDelay, job.delayMs)
  return attributes
}

/** What is known of an attempt when it starts. Durations are seconds, and never negative: clocks differ. */
export function processAttributes(job: JobToProcess, now: number): Attributes {
  const attributes = enqueueAttributes(job)
  if (job.attempt !== undefined) attributes[ATTR.jobAttempt] = job.attempt
  if (job.maxAttempts !== undefined) attributes[ATTR.jobMaxAttempts] = job.maxAttempts
  if (job.redelivered) attributes[ATTR.jobRedelivered] = true
  if (job.enqueuedAt !== undefined) addSeconds(attributes, ATTR.jobAge, now - job.enqueuedAt)
  const readyAt = job.readyAt ?? firstReadyAt(job)
  if (readyAt !== undefined) addSeconds(attributes, ATTR.jobQueueWait, now - readyAt)
  return attributes
}

// A later attempt was ready after its back-off, which only the queue knows; since the enqueue it did not only wait.
function firstReadyAt(job: JobToProcess): number | undefined {
  if (job.enqueuedAt === undefined || job.redelivered || (job.attempt ?? 1) > 1) return undefined
  return job.enqueuedAt + (job.delayMs ?? 0)
}

function addSeconds(attributes: Attributes, key: string, ms: number | undefined): void {
  if (ms !== undefined && Number.isFinite(ms)) attributes[key] = Math.max(0, ms) / 1000
}
