import { ROOT_CONTEXT, SpanKind, context, type Attributes } from '@opentelemetry/api'
import {
  ATTR,
  guard,
  isIdle,
  runToEnd,
  startOperation,
  tickSpanName,
  type Operation,
} from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { JobToEnqueue, JobToProcess } from './job.ts'
import { runIgnored, type JobTracing } from './options.ts'

/** What is known of a schedule. */
export interface TickOptions {
  /** What runs on schedule (`job.name`): of low cardinality, for it is part of the span's name. */
  readonly name: string
  /** The cron pattern or the like, as text (`job.schedule`). */
  readonly schedule?: string
  /** The interval in milliseconds. With it, late and missed ticks are seen. */
  readonly everyMs?: number
  /**
   * When the tick after a given time is due, where no fixed interval says so: croner's `(after) => cron.nextRun(after)`.
   * With it, late and missed ticks are seen.
   */
  readonly next?: (after: Date) => Date | null | undefined
}

/** A traced tick: call it where you would call the function. */
export interface Tick<A extends unknown[], T> {
  (this: unknown, ...args: A): T
  /**
   * Tells of ticks that the scheduler left out on its own: node-cron's `execution:missed` and `execution:overlap`,
   * croner's `protect`. The next tick's span says how many.
   */
  missed(count?: number): void
}

/**
 * Makes each call of `fn` a trace of its own, named `tick <name>`, whoever set the timer up. Arguments, `this`, result and
 * error are the function's own.
 */
export function tracedTick<A extends unknown[], T>(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  options: TickOptions,
  fn: (this: unknown, ...args: A) => T,
): Tick<A, T> {
  const course = new Course(options)
  const name = tickSpanName(options.name)
  const job = { queue: options.name, name: options.name }
  function tick(this: unknown, ...args: A): T {
    if (!settings.enabled || isTracingSuppressed(context.active())) return fn.apply(this, args)
    if (isIdle(settings.tracing)) {
      course.forget()
      return context.with(ROOT_CONTEXT, fn, this, ...args)
    }
    if (settings.ignores(job)) return runIgnored(() => fn.apply(this, args))
    const started = course.start()
    const spanName = settings.nameOf('process', job)
    const spanOptions = { kind: SpanKind.INTERNAL, attributes: started }
    const { tracer } = settings.tracing
    const operation = startOperation(tracer, spanName ?? name, spanOptions, ROOT_CONTEXT)
    return runToEnd(operation, () => fn.apply(this, args), {
      onResult: () => ended(settings, operation, course, job),
      onError(error) {
        ended(settings, operation, course, job, error)
        operation.fail(error)
      },
    })
  }
  return Object.defineProperties(tick, {
    length: { value: fn.length, configurable: true },
    missed: { value: (count = 1) => course.missed(count) },
  }) as Tick<A, T>
}

function ended(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  operation: Operation,
  course: Course,
  job: JobToEnqueue,
  error?: unknown,
): void {
  course.running--
  const outcome = error === undefined ? 'completed' : 'failed'
  operation.set({ [ATTR.jobOutcome]: outcome })
  settings.describe(operation, { operation: 'process', job, outcome, error })
}

/** More missed ticks than this are not counted one by one. */
const MAX_MISSED = 1000

/** How the ticks of one schedule follow each other. */
class Course {
  readonly #options: TickOptions
  readonly #attributes: Attributes
  #due: number | undefined
  #missed = 0
  running = 0

  constructor(options: TickOptions) {
    this.#options = options
    this.#attributes = { [ATTR.jobName]: options.name }
    if (options.schedule !== undefined) this.#attributes[ATTR.jobSchedule] = options.schedule
    // The first tick is due one interval after the timer was set, which is now or a moment later.
    if (options.everyMs !== undefined) this.#due = Date.now() + options.everyMs
    else this.#due = this.#dueAfter(Date.now())
  }

  missed(count: number): void {
    if (count > 0) this.#missed += count
  }

  /** The tick before the next one is not known: that one is neither late nor the first after missed ones. */
  forget(): void {
    this.#due = undefined
    this.#missed = 0
  }

  start(): Attributes {
    const overlap = this.running++ > 0
    const { everyMs, next } = this.#options
    if (!overlap && this.#missed === 0 && everyMs === undefined && !next) return this.#attributes
    const attributes = { ...this.#attributes }
    if (overlap) attributes[ATTR.jobTickOverlap] = true
    const now = Date.now()
    if (this.#due !== undefined) {
      attributes[ATTR.jobTickLag] = Math.max(0, now - this.#due) / 1000
      this.#missed += this.#leftOut(this.#due, now)
    }
    if (this.#missed > 0) attributes[ATTR.jobTickMissed] = this.#missed
    this.#missed = 0
    this.#due = this.#dueAfter(now)
    return attributes
  }

  /** How many ticks were due after this one and are over too. */
  #leftOut(due: number, now: number): number {
    const { everyMs } = this.#options
    if (everyMs !== undefined) return Math.max(0, Math.floor((now - due) / everyMs))
    let count = -1
    for (let at: number | undefined = due; at !== undefined && at <= now; at = this.#dueAfter(at)) {
      if (++count >= MAX_MISSED) break
    }
    return Math.max(0, count)
  }

  #dueAfter(ms: number): number | undefined {
    const { everyMs, next } = this.#options
    if (everyMs !== undefined) return ms + everyMs
    if (!next) return undefined
    const due = guard('The hook "next"', next, new Date(ms))?.getTime()
    return due !== undefined && due > ms ? due : undefined
  }
}
