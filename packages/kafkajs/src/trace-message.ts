import { context, isSpanContextValid, type Link } from '@opentelemetry/api'
import { guard, warnOnce, type Operation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { BatchPayload, ReceivedMessage } from './client.ts'
import type { ConsumerTracing } from './options.ts'
import { runProcess, startMessage } from './process.ts'

/** The batch that a message came in. */
interface BatchOrigin {
  readonly tracing: ConsumerTracing
  readonly topic: string
  readonly partition: number
  /** To the span of the batch; empty where there is none. */
  readonly links: Link[]
}

const origins = new WeakMap<object, BatchOrigin>()

/** Keeps for each message of a batch what `traceMessage` needs to know, as long as the message lives. */
export function rememberBatch(
  tracing: ConsumerTracing,
  operation: Operation,
  batch: BatchPayload['batch'],
): void {
  const { topic, partition, messages } = batch
  const spanContext = operation.span.spanContext()
  const links = isSpanContextValid(spanContext) ? [{ context: spanContext }] : []
  const origin = { tracing, topic, partition, links }
  for (const message of messages) origins.set(message, origin)
}

/**
 * Runs `fn` in a span for one message of a batch, with the options of the batch's consumer. By the `relation` option the
 * span continues the trace of the message's sender, since that is its one cause, and it links to the batch's span. A
 * throw or a rejection makes it an error and reaches you unchanged.
 *
 * Pass the very message that `eachBatch` got: with a copy, or where the consumer is not traced, `fn` runs without a span
 * of its own.
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
  const origin = origins.get(message)
  if (!origin) {
    warnOnce('traceMessage was given a message that is of no traced batch; it gets no span')
    return fn()
  }
  const received = message as ReceivedMessage
  const operation = guard('Tracing a message', startFromBatch, origin, received)
  return operation ? runProcess(origin.tracing, operation, origin.topic, [received], fn) : fn()
}

function startFromBatch(origin: BatchOrigin, message: ReceivedMessage): Operation {
  return startMessage(origin.tracing, origin.topic, origin.partition, message, origin.links)
}
