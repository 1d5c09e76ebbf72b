import { context, createContextKey, type Link } from '@opentelemetry/api'
import {
  guard,
  isIdle,
  isThenable,
  resolveTracing,
  warnOnce,
  type Operation,
} from '@throughline/core/integration'
import { isTracingSuppressed, linksTo } from '@throughline/core/propagation'
import type { BatchPayload, ReceivedMessage } from './client.ts'
import type { ConsumerTracing } from './options.ts'
import { runProcess, startMessage } from './process.ts'
import { SCOPE } from './scope.ts'

/** The batch that a message came in. */
interface BatchOrigin {
  readonly tracing: ConsumerTracing
  readonly batch: BatchPayload['batch']
  /** To the span of the batch; empty where there is none. */
  readonly links: Link[]
}

const GLOBALS = resolveTracing(SCOPE, 'traceMessage', {})
const BATCH = createContextKey('@throughline/kafkajs.batch')

// To note every message of every batch costs more than a batch that is not sampled, so it is done when it is asked for:
// the batch is found in the context, or among those that run.
const origins = new WeakMap<object, BatchOrigin>()
// An array: a Set that others come and go in leaves a chain of its old tables to the next full collection, and with them
// the batches that were in there, bytes and all.
const running: BatchOrigin[] = []

/** Calls what runs the handler of a batch, so that `traceMessage` finds the batch. */
export function runInBatch<T>(
  tracing: ConsumerTracing,
  operation: Operation,
  batch: BatchPayload['batch'],
  call: () => T,
): T {
  const origin: BatchOrigin = { tracing, batch, links: linksTo(operation.context) }
  const stop = (): void => {
    const at = running.indexOf(origin)
    if (at !== -1) running.splice(at, 1) // a handler's own kind of promise may say twice that it is done
  }
  running.push(origin)
  // In the operation's own context: one more of the api's would keep the span and its links from being collected young.
  operation.carry(BATCH, origin)
  let result: T | undefined
  try {
    result = call()
    return result
  } finally {
    if (isThenable(result)) result.then(stop, stop)
    else stop()
  }
}

/**
 * Runs `fn` in a span for one message of a batch, with the options of the batch's consumer. By the `relation` option the
 * span continues the trace of the message's sender, since that is its one cause, and it links to the batch's span. A
 * throw or a rejection makes it an error and reaches you unchanged.
 *
 * Pass the very message that `eachBatch` got, while its batch runs or in a context that comes from there. With a copy, or
 * where the consumer is not traced, `fn` runs without a span of its own.
 *
 * @example
 * ```ts
 * eachBatch: async ({ batch }) => {
 *   for (const message of batch.messages) await traceMessage(message, () => handle(message))
 * }
 * ```
 */
export function traceMessage<T>(message: object, fn: () => T): T {
  if (isTracingSuppressed(context.active())) return fn()
  const origin = origins.get(message) ?? findOrigin(message)
  if (!origin) {
    if (!isIdle(GLOBALS)) {
      warnOnce('traceMessage was given a message that is of no traced batch; it gets no span')
    }
    return fn()
  }
  const received = message as ReceivedMessage
  const operation = guard('Tracing a message', startFromBatch, origin, received)
  if (!operation) return fn()
  return runProcess(origin.tracing, operation, origin.batch.topic, [received], fn)
}

function findOrigin(message: object): BatchOrigin | undefined {
  const own = context.active().getValue(BATCH) as BatchOrigin | undefined
  if (own && adopt(own, message)) return own
  for (const origin of running) if (adopt(origin, message)) return origin
  return undefined
}

/** Notes all messages of a batch if this is one of them. */
function adopt(origin: BatchOrigin, message: object): boolean {
  const messages: readonly object[] = origin.batch.messages
  if (!messages.includes(message)) return false
  for (const one of messages) origins.set(one, origin)
  return true
}

function startFromBatch({ tracing, batch, links }: BatchOrigin, message: ReceivedMessage) {
  const { topic, partition } = batch
  return startMessage(tracing, { topic, partition, message, batch: links })
}
