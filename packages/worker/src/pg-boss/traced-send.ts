import { context } from '@opentelemetry/api'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { writeCarrier } from '../carrier.ts'
import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { runEnqueue } from '../job-tracer.ts'
import type { JobTracing } from '../options.ts'
import { pack } from '../payload-carrier.ts'

/** A method of pg-boss, bound to it. */
export type Method = (...args: any[]) => unknown

/** `native` becomes true when a span of pg-boss's own is seen. */
export interface BossTracing extends JobTracing<JobToProcess, JobToEnqueue> {
  native: boolean
}

/** Puts the context of a send into data. */
type Put = (data: unknown) => unknown

/** `send({ name, data, options })`, or `send(name, data, …)` and its likes. */
export function tracedSend(state: BossTracing, send: Method): Method {
  return (first, ...rest) => {
    if (typeof first !== 'object' || first === null) {
      return enqueue(state, first, undefined, (put) => send(first, put(rest[0]), ...rest.slice(1)))
    }
    const { name, data } = first as { name?: unknown; data?: unknown }
    return enqueue(state, name, undefined, (put) => send({ ...first, data: put(data) }, ...rest))
  }
}

/** `insert(name, jobs, …)`; in pg-boss 10, and in `flow`, each job names its own queue. */
export function tracedInsert(state: BossTracing, insert: Method): Method {
  return (first, ...rest) => {
    if (Array.isArray(first)) return insertMany(state, first, (jobs) => insert(jobs, ...rest))
    const [jobs, ...others] = rest as [unknown, ...unknown[]]
    if (!Array.isArray(jobs)) return insert(first, ...rest)
    return enqueue(state, first, jobs.length, (put) =>
      insert(
        first,
        jobs.map((job) => putInto(put, job)),
        ...others,
      ),
    )
  }
}

/** A span for each queue that one call inserts into. */
function insertMany(
  state: BossTracing,
  jobs: readonly unknown[],
  insert: (jobs: unknown[]) => unknown,
): unknown {
  const counts = new Map<unknown, number>()
  for (const job of jobs) counts.set(queueOf(job), (counts.get(queueOf(job)) ?? 0) + 1)
  const queues = [...counts]
  const puts = new Map<unknown, Put>()
  const caller = context.active()
  const next = (at: number): unknown => {
    const entry = queues[at]
    if (!entry) return insert(jobs.map((job) => putInto(puts.get(queueOf(job))!, job)))
    const [queue, count] = entry
    const send = (put: Put): unknown => {
      puts.set(queue, put)
      return next(at + 1)
    }
    // Beside each other, not inside: what the call itself does is in the last one.
    return context.with(caller, () => enqueue(state, queue, count, send))
  }
  return next(0)
}

function queueOf(job: unknown): unknown {
  return typeof job === 'object' && job !== null ? (job as { name?: unknown }).name : undefined
}

function putInto(put: Put, job: unknown): unknown {
  if (typeof job !== 'object' || job === null) return job
  return { ...job, data: put((job as { data?: unknown }).data) }
}

/** Runs a send with a function that puts its context into data. */
function enqueue(
  state: BossTracing,
  queue: unknown,
  count: number | undefined,
  send: (put: Put) => unknown,
): unknown {
  const active = context.active()
  if (isTracingSuppressed(active) || typeof queue !== 'string') return send((data) => data)
  if (state.native) {
    const carrier = writeCarrier(state.tracing, active)
    return send((data) => pack(data, carrier))
  }
  const job = { queue, name: queue, count }
  return runEnqueue(state, job, (carrier) => send((data) => pack(data, carrier)))
}
