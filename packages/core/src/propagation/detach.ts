import { ROOT_CONTEXT, context } from '@opentelemetry/api'

/**
 * Runs `fn` with no active span, and so does everything that it starts. For what outlives the work that started it: a
 * timer, a poll loop, a connection pool. Without it, all their spans would join the trace of whoever started them.
 */
export function runDetached<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT, fn)
}

/**
 * Binds a function or an event emitter to the context that is active now, for the places where Node or a library would
 * call it in another one (`fastq`, `async.queue`, `MessagePort` and `child.on('message')`).
 */
export function bindContext<T>(target: T): T {
  return context.bind(context.active(), target)
}
