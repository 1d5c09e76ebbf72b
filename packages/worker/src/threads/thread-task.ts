import { ROOT_CONTEXT, context, propagation, trace, type Context } from '@opentelemetry/api'
import { guard, isThenable } from '@throughline/core/integration'
import { headerGetter, w3cPropagator } from '@throughline/core/propagation'
import { isTracedTask, type TracedTask } from './envelope.ts'
import { isCounters } from './relay-counters.ts'
import { IPC, flushSpans, withRelay } from './relay.ts'
import { registerThreadTracing } from './register.ts'

/**
 * Makes the task of a thread run in the context that `traceTask` was called in, and hands its spans over before the
 * result goes back. A plain value, without an envelope, is run as it is. Result, error, `this` and `length` are the
 * function's own.
 *
 * A thread that has no SDK gets a small tracer of ours, which records the spans of sampled traces; one that has an SDK
 * keeps it.
 *
 * @example
 * ```ts
 * export default threadTask(async (order) => withSpan('render label', () => render(order)))
 * ```
 */
export function threadTask<T, R extends unknown[], U>(
  fn: (value: T, ...rest: R) => U,
): (task: T | TracedTask<T>, ...rest: R) => U {
  function traced(this: unknown, task: T | TracedTask<T>, ...rest: R): U {
    if (!isTracedTask(task)) return fn.call(this, task, ...rest)
    return runTask(task, () => fn.call(this, task.value, ...rest))
  }
  return Object.defineProperties(traced, {
    length: { value: fn.length, configurable: true },
    name: { value: fn.name, configurable: true },
  })
}

/** Runs a task in the context of its envelope. */
export function runTask<T>(task: TracedTask<unknown>, fn: () => T): T {
  guard('Registering tracing in a thread', registerThreadTracing, task.channel === IPC)
  const caller = guard('Reading the context of a task', contextOf, task) ?? context.active()
  return runToFlush(() => context.with(caller, fn))
}

function contextOf(task: TracedTask<unknown>): Context {
  let caller = w3cPropagator.extract(ROOT_CONTEXT, task.carrier, headerGetter)
  const spanContext = trace.getSpanContext(caller)
  if (spanContext) caller = trace.setSpanContext(caller, { ...spanContext, isRemote: false })
  if (task.baggage) {
    const entries = Object.entries(task.baggage).map(([key, value]) => [key, { value }])
    const baggage = propagation.createBaggage(Object.fromEntries(entries))
    caller = propagation.setBaggage(caller, baggage)
  }
  const { channel, counters } = task
  return withRelay(caller, isCounters(counters) ? { channel, counters } : { channel })
}

function runToFlush<T>(fn: () => T): T {
  let result: T
  try {
    result = fn()
  } catch (error) {
    flushSpans()
    throw error
  }
  if (!isThenable(result)) {
    flushSpans()
    return result
  }
  return result.then(
    (value) => {
      flushSpans()
      return value
    },
    (error: unknown) => {
      flushSpans()
      throw error
    },
  ) as T
}
