import { context, type Context } from '@opentelemetry/api'
import { guard, type Operation } from '@throughline/core/integration'
import { endQuery } from './end.ts'

/** A query that speaks the protocol itself: pg's `Query`, a cursor, a stream. */
export interface Submittable {
  submit: unknown
  handleError?: unknown
  handleReadyForQuery?: unknown
}

export function isSubmittable(query: unknown): query is Submittable {
  return typeof (query as { submit?: unknown } | null | undefined)?.submit === 'function'
}

/**
 * Ends the operation when the connection tells the query that it is done or failed, the one thing that all kinds have in
 * common. Both handlers run in the context of the caller, and the query's own ones are back afterwards. Whether it can.
 */
export function watchSubmittable(
  query: Submittable,
  caller: Context,
  operation: Operation,
): boolean {
  return guard('Watching a query of pg', watch, query, caller, operation) ?? false
}

type Handler = (this: unknown, ...args: unknown[]) => unknown

function watch(query: Submittable, caller: Context, operation: Operation): boolean {
  const { handleError, handleReadyForQuery } = query
  if (typeof handleError !== 'function' || typeof handleReadyForQuery !== 'function') return false
  const giveBack = takeOver(query, {
    handleError(...args) {
      giveBack()
      endQuery(operation, args[0] ?? 'unknown')
      return context.with(caller, handleError as Handler, query, ...args)
    },
    handleReadyForQuery(...args) {
      try {
        // May find that a row could not be read, and call `handleError` itself; then the span has ended before.
        return context.with(caller, handleReadyForQuery as Handler, query, ...args)
      } finally {
        giveBack()
        endQuery(operation)
      }
    },
  })
  return true
}

/** Puts handlers before the query's own, and returns what takes them away again. */
function takeOver(query: object, handlers: Record<string, Handler>): () => void {
  const names = Object.keys(handlers)
  const own = names.map((name) => Object.getOwnPropertyDescriptor(query, name))
  for (const name of names) {
    const value = handlers[name]
    Object.defineProperty(query, name, { value, writable: true, configurable: true })
  }
  return () => {
    for (const [at, name] of names.entries()) {
      const descriptor = own[at]
      if (descriptor) Object.defineProperty(query, name, descriptor)
      else Reflect.deleteProperty(query, name)
    }
  }
}
