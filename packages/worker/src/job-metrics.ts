import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'
import { ATTR, guard, type MeterSource } from '@throughline/core/integration'
import type { JobOutcome } from './outcome.ts'

interface JobInstruments {
  readonly wait: Histogram
  readonly active: UpDownCounter
  readonly attempts: Counter
}

/** An attempt that is being measured. */
export interface JobMeasure {
  /** Tells how it went, once. */
  end(outcome: JobOutcome): void
}

/**
 * Measures an attempt from now on: how long it waited, that it is active, and at its end how it went. Does nothing while
 * no SDK measures.
 *
 * @param waitSeconds - the `job.queue.wait` of its span, where it is known
 */
export function measureJob(
  source: MeterSource,
  system: string,
  queue: string,
  waitSeconds: unknown,
): JobMeasure | undefined {
  const instruments = source.get(createJobInstruments)
  if (!instruments) return undefined
  const series = { [ATTR.messagingSystem]: system, [ATTR.messagingDestination]: queue }
  guard('Measuring a job', begin, instruments, series, waitSeconds)
  let ended = false
  return {
    end(outcome) {
      if (ended) return
      ended = true
      guard('Measuring a job', finish, instruments, series, outcome)
    },
  }
}

/** Records how long an attempt waited, where that becomes known after its start. */
export function measureWait(
  source: MeterSource,
  system: string,
  queue: string,
  waitSeconds: unknown,
): void {
  const instruments = source.get(createJobInstruments)
  if (!instruments || typeof waitSeconds !== 'number') return
  const series = { [ATTR.messagingSystem]: system, [ATTR.messagingDestination]: queue }
  guard('Measuring a job', (wait: Histogram) => wait.record(waitSeconds, series), instruments.wait)
}

function begin({ wait, active }: JobInstruments, series: Attributes, waitSeconds: unknown): void {
  active.add(1, series)
  if (typeof waitSeconds === 'number') wait.record(waitSeconds, series)
}

function finish(
  { active, attempts }: JobInstruments,
  series: Attributes,
  outcome: JobOutcome,
): void {
  active.add(-1, series)
  attempts.add(1, { ...series, [ATTR.jobOutcome]: outcome })
}

/** Jobs wait from milliseconds to hours. */
const WAIT_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400]

function createJobInstruments(meter: Meter): JobInstruments {
  return {
    wait: meter.createHistogram('job.queue.wait', {
      unit: 's',
      advice: { explicitBucketBoundaries: WAIT_BUCKETS },
      description: 'How long a job could have run and did not.',
    }),
    active: meter.createUpDownCounter('job.active', {
      unit: '{job}',
      description: 'Number of attempts that run now.',
    }),
    attempts: meter.createCounter('job.attempts', {
      unit: '{attempt}',
      description: 'Number of attempts that ended, by outcome.',
    }),
  }
}
