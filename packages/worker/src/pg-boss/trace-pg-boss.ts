import { context } from '@opentelemetry/api'
import { checkOption, guard, isThenable, warnOnce } from '@throughline/core/integration'
import { isTracingSuppressed, runDetached } from '@throughline/core/propagation'
import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { processAttributes } from '../job-attributes.ts'
import { resolveJobTracing, type JobTracingOptions } from '../options.ts'
import { runBatch } from '../run-batch.ts'
import { runJob } from '../run-job.ts'
import { judge } from '../verdict.ts'
import { rememberItems } from './batch-item.ts'
import { openJob, type BossJob } from './job.ts'
import { nativeProcessSpan } from './native-span.ts'
import { tracedInsert, tracedSend, type BossTracing, type Method } from './traced-send.ts'

export interface PgBossTracingOptions extends JobTracingOptions<JobToProcess, JobToEnqueue> {
  /**
   * Whether pg-boss makes spans of its own, as it does since 12.36 unless it is given `openTelemetry: { enabled: false }`.
   * Then this makes none of its own: it adds attempt, wait and age to pg-boss's, and keeps its loops out of your traces.
   * @defaultValue `false`; where a handler runs in a span of pg-boss's nevertheless, this steps aside and says so
   */
  readonly native?: boolean
}

/** What is needed of a pg-boss, of version 10 to 12. */
export interface PgBossLike {
  start(): Promise<unknown>
  send(...args: any[]): Promise<unknown>
  work(...args: any[]): Promise<unknown>
}

type Wrap = (state: BossTracing, method: Method) => Method

const WRAPS: Readonly<Record<string, Wrap>> = {
  start:
    (_, start) =>
    (...args) =>
      detached(() => start(...args)),
  send: tracedSend,
  sendAfter: tracedSend,
  sendThrottled: tracedSend,
  sendDebounced: tracedSend,
  publish: tracedSend,
  upsert: tracedSend,
  insert: tracedInsert,
  flow: tracedInsert,
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
export function tracePgBoss<B extends PgBossLike>(boss: B, options: PgBossTracingOptions = {}): B {
  checkOption('tracePgBoss', 'native', options.native, 'boolean')
  const settings = resolveJobTracing('tracePgBoss', 'pg-boss', options)
  if (!settings.enabled) return boss
  const state: BossTracing = { ...settings, native: options.native ?? false }
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

function wrapped(state: BossTracing, key: string | symbol, method: Method): Method {
  const wrap = typeof key === 'string' && Object.hasOwn(WRAPS, key) ? WRAPS[key] : undefined
  return wrap ? wrap(state, method) : method
}

/** Where nothing is to be traced, that goes for the loops too. */
function detached<T>(fn: () => T): T {
  return isTracingSuppressed(context.active()) ? fn() : runDetached(fn)
}

/** `work(name, handler)` or `work(name, options, handler)`. */
function tracedWork(state: BossTracing, work: Method): Method {
  return (...args) => {
    const handler = args.at(-1) as unknown
    if (typeof handler !== 'function') return work(...args)
    const traced = (jobs: BossJob[], ...rest: unknown[]): unknown =>
      handle(state, jobs, () => handler(jobs, ...rest) as unknown)
    return detached(() => work(...args.slice(0, -1), traced))
  }
}

function handle(state: BossTracing, jobs: BossJob[], call: () => unknown): unknown {
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
