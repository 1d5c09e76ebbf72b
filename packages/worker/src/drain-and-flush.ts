import { report, warnOnce } from '@throughline/core/integration'
import { constants } from 'node:os'

/** Something that can be stopped: BullMQ's and pg-boss's workers, pools, servers, or a function. */
export type Drainable = (() => unknown) | { close(): unknown }

/** Something that exports what it holds: a tracer provider, `startTracing()`'s result, or a function. */
export type Flushable = (() => unknown) | { shutdown(): unknown } | { forceFlush(): unknown }

export interface DrainOptions {
  /** What is to finish its work first, all at once. */
  readonly drain: readonly Drainable[]
  /** What exports the spans of that work, afterwards. Of a provider, `shutdown` is called. */
  readonly flush: Flushable
  /**
   * How long both may take together, in milliseconds. A tenth of it is kept for the flush.
   * @defaultValue 10,000
   */
  readonly timeoutMs?: number
  /**
   * Wait for one of these signals first, and end the process afterwards: with 0 if all was finished in time, else, and at
   * once where a signal comes again, with 128 and the signal's number.
   * @defaultValue none: it begins now, and the process goes on
   */
  readonly signals?: readonly NodeJS.Signals[]
}

/** How it went. */
export interface DrainReport {
  /** Whether all work was finished in time. */
  readonly drained: boolean
  /** Whether all spans were exported in time. */
  readonly flushed: boolean
}

/**
 * Ends a worker process in the order that loses no span: first the running jobs, then the exporter, both bounded in time.
 * The other way round, the spans of the last jobs would come after the exporter is gone. Never rejects.
 *
 * @example
 * ```ts
 * void drainAndFlush({ drain: [worker, pool], flush: tracing, signals: ['SIGTERM', 'SIGINT'] })
 * ```
 */
export async function drainAndFlush(options: DrainOptions): Promise<DrainReport> {
  const { signals } = options
  if (!signals?.length) return run(options)
  const signal = await received(signals)
  const again = (): never => process.exit(128 + constants.signals[signal])
  for (const name of signals) process.on(name, again)
  const report = await run(options)
  if (!report.drained || !report.flushed) return again()
  return process.exit(0)
}

async function run({ drain, flush, timeoutMs = 10_000 }: DrainOptions): Promise<DrainReport> {
  const deadline = Date.now() + timeoutMs
  const drained = await inTime(
    'Draining',
    Promise.all(drain.map((each) => settle('Draining', each))),
    timeoutMs * 0.9,
  )
  const flushed = await inTime('Flushing', settle('Flushing', flush), deadline - Date.now())
  return { drained, flushed }
}

async function settle(what: string, each: Drainable | Flushable): Promise<boolean> {
  try {
    if (typeof each === 'function') await each()
    else if ('close' in each) await each.close()
    else if ('shutdown' in each) await each.shutdown()
    else await each.forceFlush()
    return true
  } catch (error) {
    report(what, error)
    return false
  }
}

async function inTime(
  what: string,
  work: Promise<boolean | boolean[]>,
  ms: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), 'late')
  })
  const result = await Promise.race([work, late])
  clearTimeout(timer)
  if (result === 'late') warnOnce(`${what} took longer than ${Math.round(ms)} ms and was given up`)
  return Array.isArray(result) ? result.every(Boolean) : result === true
}

function received(signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const on = (signal: NodeJS.Signals): void => {
      for (const name of signals) process.removeListener(name, on)
      resolve(signal)
    }
    for (const name of signals) process.on(name, on)
  })
}
