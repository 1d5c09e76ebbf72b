import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import { extractContext, injectContext } from '@throughline/core/propagation'
import { resolveTracing } from '@throughline/core/integration'
import { SCOPE } from '../scope.ts'

const MARK = 'throughline.message'
const TRACING = resolveTracing(SCOPE, 'traceMessage', {})

/** A message with the context that it was sent in. Plain data, as far as `value` is. */
export interface TracedMessage<T> {
  /** Marks the envelope, and says which version of it this is. */
  readonly [MARK]: 1
  readonly carrier: Readonly<Record<string, string>>
  readonly value: T
}

/**
 * Wraps a message to another process, so that `messageListener` there goes on in the context that is active here.
 *
 * @example
 * ```ts
 * const child = fork('resize.js')
 * child.send(traceMessage({ image: 7 }))
 * ```
 */
export function traceMessage<T>(value: T): TracedMessage<T> {
  return { [MARK]: 1, carrier: injectContext(TRACING, context.active(), {}), value }
}

/**
 * Makes the listener of a `message` event run in the context that the message was sent in; for a message without an
 * envelope, in none. By itself Node calls it in the context that the process was forked in, for every later message too.
 *
 * @example
 * ```ts
 * process.on('message', messageListener((task) => resize(task)))
 * ```
 */
export function messageListener<T, A extends unknown[], R>(
  listener: (this: any, value: T, ...rest: A) => R,
): (this: any, message: T | TracedMessage<T>, ...rest: A) => R {
  return function traced(this: unknown, message, ...rest) {
    if (!isTracedMessage(message))
      return context.with(ROOT_CONTEXT, listener, this, message, ...rest)
    const sender = extractContext(TRACING, message.carrier)
    return context.with(sender, listener, this, message.value, ...rest)
  }
}

function isTracedMessage<T>(message: T | TracedMessage<T>): message is TracedMessage<T> {
  return (
    typeof message === 'object' &&
    message !== null &&
    Object.hasOwn(message, MARK) &&
    (message as TracedMessage<T>)[MARK] === 1
  )
}
