import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '@throughline/core/integration'
import type { JobToEnqueue, JobToProcess } from './job.ts'

export function enqueueAttributes(job: JobToEnqueue): Attributes {
  const attributes: Attributes = { [ATTR.jobName]: job.name }
  if (job.id !== undefined) attributes[ATTR.messagingMessageId] = job.id
  if (job.delayMs !== undefined) addSeconds(attributes, ATTR.jobDelay, job.delayMs)
  return attributes
}

/**
 * What is known of an attempt when it starts. Durations are seconds, and never negative: where the clock of the sender
 * is ahead they are 0, and `job.clock_skew` says so.
 */
export function processAttributes(job: JobToProcess, now: number): Attributes {
  const attributes: Attributes = { [ATTR.jobName]: job.name }
  if (job.id !== undefined) attributes[ATTR.messagingMessageId] = job.id
  if (job.attempt !== undefined) attributes[ATTR.jobAttempt] = job.attempt
  if (job.maxAttempts !== undefined) attributes[ATTR.jobMaxAttempts] = job.maxAttempts
  if (job.redelivered) attributes[ATTR.jobRedelivered] = true
  if (job.stalledCount) attributes[ATTR.jobStalledCount] = job.stalledCount
  if (job.parentId !== undefined) attributes[ATTR.jobParentId] = job.parentId
  if (job.schedule !== undefined) attributes[ATTR.jobSchedule] = job.schedule
  if (job.delayMs !== undefined) addSeconds(attributes, ATTR.jobDelay, job.delayMs)
  const startedAt = job.startedAt ?? now
  const age = startedAt - (job.enqueuedAt ?? startedAt)
  if (job.enqueuedAt !== undefined) addSeconds(attributes, ATTR.jobAge, age)
  const readyAt = job.readyAt ?? firstReadyAt(job)
  if (readyAt !== undefined) addSeconds(attributes, ATTR.jobQueueWait, startedAt - readyAt)
  // A job may be promoted and run before its delay is over; none runs before it exists.
  if (age < -SKEW_MS || startedAt - (job.readyAt ?? startedAt) < -SKEW_MS) {
    attributes[ATTR.jobClockSkew] = true
  }
  return attributes
}

// A later attempt was ready after its back-off, which only the queue knows; since the enqueue it did not only wait.
function firstReadyAt(job: JobToProcess): number | undefined {
  if (job.enqueuedAt === undefined || job.redelivered || (job.attempt ?? 1) > 1) return undefined
  return job.enqueuedAt + (job.delayMs ?? 0)
}

// Clocks of one machine differ by less than this, and timers of one process fire early by a millisecond or two.
const SKEW_MS = 100

function addSeconds(attributes: Attributes, key: string, ms: number): void {
  if (Number.isFinite(ms)) attributes[key] = Math.max(0, ms) / 1000
}
