import { context } from '@opentelemetry/api'
import { checkOption, guard, isThenable, warnOnce } from '@throughline/core/integration'
import { isTracingSuppressed, runDetached } from '@throughline/core/propagation'
import type { PgBoss } from 'pg-boss'
import { writeCarrier } from '../carrier.ts'
import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { processAttributes } from '../job-attributes.ts'
import { runEnqueue } from '../job-tracer.ts'
import { resolveJobTracing, type JobTracing, type JobTracingOptions } from '../options.ts'
import { pack } from '../payload-carrier.ts'
import { runBatch } from '../run-batch.ts'
import { runJob } from '../run-job.ts'
import { judge } from '../verdict.ts'
import { rememberItems } from './batch-item.ts'
import { openJob, type BossJob } from './job.ts'
import { nativeProcessSpan } from './native-span.ts'

export interface PgBossTracingOptions extends JobTracingOptions<JobToProcess, JobToEnqueue> {
  /**
   * Whether pg-boss makes spans of its own, as it does since 12.36 unless it is given `openTelemetry: { enabled: false }`.
   * Then this makes none of its own: it adds attempt, wait and age to pg-boss's, and keeps its loops out of your traces.
   * @defaultValue `false`; where a handler runs in a span of pg-boss's nevertheless, this steps aside and says so
   */
  readonly native?: boolean
}

type Settings = JobTracing<JobToProcess, JobToEnqueue>
type Method = (...args: any[]) => unknown
type Wrap = (state: State, method: Method) => Method

/** `native` becomes true when a span of pg-boss's own is seen. */
interface State extends Settings {
  native: boolean
}

const WRAPS: Readonly<Record<string, Wrap>> = {
  start:
    (_, start) =>
    (...args) =>
      detached(() => start(...args)),
  send: tracedSend,
  sendAfter: tracedSend,
  sendThrottled: tracedSend,
  sendDebounced: tracedSend,
  insert: tracedInsert,
  work: tracedWork,
}

/**
 * Traces a pg-boss: a span for each send, a span for each attempt (or each batch), and loops that never join the trace of
 * whoever started them. Use what comes back in place of it. The context travels in the job's data, under `_throughline`,
 * where that is an object or absent, and is taken out before your handler runs.
 *
 * With `work(name, { includeMetadata: true }, …)` the spans know how long a job waited, by the database's clock.
 *
 * @example
 * ```ts
 * const boss = tracePgBoss(new PgBoss({ connectionString, openTelemetry: { enabled: false } }))
 * ```
 */
export function tracePgBoss<B extends PgBoss>(boss: B, options: PgBossTracingOptions = {}): B {
  checkOption('tracePgBoss', 'native', options.native, 'boolean')
  const settings = resolveJobTracing('tracePgBoss', 'pg-boss', options)
  if (!settings.enabled) return boss
  const state: State = { ...settings, native: options.native ?? false }
  const methods = new Map<unknown, unknown>()
  return new Proxy(boss, {
    get(target, key, proxy) {
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value !== 'function') return value
      let method = methods.get(value)
      if (!method) {
        const own = wrapped(state, key, value.bind(target) as Method)
        method = (...args: unknown[]) => {
          const result = own(...args)
          const orProxy = (value: unknown): unknown => (value === target ? proxy : value)
          return key === 'start' && isThenable(result) ? result.then(orProxy) : orProxy(result)
        }
        methods.set(value, method)
      }
      return method
    },
  })
}

function wrapped(state: State, key: string | symbol, method: Method): Method {
  const wrap = typeof key === 'string' && Object.hasOwn(WRAPS, key) ? WRAPS[key] : undefined
  return wrap ? wrap(state, method) : method
}

/** `send({ name, data, options })`, or `send(name, data, …)` and its likes. */
function tracedSend(state: State, send: Method): Method {
  return (first, ...rest) => {
    if (typeof first !== 'object' || first === null) {
      return enqueue(state, first, undefined, (put) => send(first, put(rest[0]), ...rest.slice(1)))
    }
    const { name, data } = first as { name?: unknown; data?: unknown }
    return enqueue(state, name, undefined, (put) => send({ ...first, data: put(data) }, ...rest))
  }
}

function tracedInsert(state: State, insert: Method): Method {
  return (name, jobs, ...rest) => {
    if (!Array.isArray(jobs)) return insert(name, jobs, ...rest)
    return enqueue(state, name, jobs.length, (put) => {
      const packed = (jobs as BossJob[]).map((job) =>
        Object.assign({}, job, { data: put(job.data) }),
      )
      return insert(name, packed, ...rest)
    })
  }
}

/** Where nothing is to be traced, that goes for the loops too. */
function detached<T>(fn: () => T): T {
  return isTracingSuppressed(context.active()) ? fn() : runDetached(fn)
}

/** Runs a send with a function that puts its context into data. */
function enqueue(
  state: State,
  queue: unknown,
  count: number | undefined,
  send: (put: (data: unknown) => unknown) => unknown,
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

/** `work(name, handler)` or `work(name, options, handler)`. */
function tracedWork(state: State, work: Method): Method {
  return (...args) => {
    const handler = args.at(-1) as unknown
    if (typeof handler !== 'function') return work(...args)
    const traced = (jobs: BossJob[], ...rest: unknown[]): unknown =>
      handle(state, jobs, () => handler(jobs, ...rest) as unknown)
    return detached(() => work(...args.slice(0, -1), traced))
  }
}

function handle(state: State, jobs: BossJob[], call: () => unknown): unknown {
  const opened = guard('Reading jobs', openAll, jobs)
  if (!opened || isTracingSuppressed(context.active())) return call()
  const span = nativeProcessSpan()
  if (span) {
    if (!state.native) {
      warnOnce('pg-boss makes spans of its own: tracePgBoss only adds to them; pass `native: true`')
    }
    state.native = true
    const [job] = opened
    if (job && opened.length === 1) span.setAttributes(processAttributes(job, Date.now()))
    return call()
  }
  const [first] = opened
  if (!first) return call()
  if (opened.length === 1) return runJob(state, first, judge, call)
  return runBatch(state, { queue: first.queue, items: opened }, (runItem) => {
    rememberItems(jobs, runItem)
    return call()
  })
}

function openAll(jobs: BossJob[]): JobToProcess[] {
  return jobs.map((job) => openJob(job))
}
