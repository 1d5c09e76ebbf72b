import { ROOT_CONTEXT, context, trace, type Attributes } from '@opentelemetry/api'
import { guard, isIdle, type Operation } from '@throughline/core/integration'
import {
  BatchLinks,
  DeliveryAttempts,
  linkBatch,
  startBatch,
  type Received,
} from '@throughline/core/messaging'
import { extractContext, isTracingSuppressed, runDetached } from '@throughline/core/propagation'
import type { BatchPayload, ReceivedMessage } from './client.ts'
import { isIgnored, spanNameFor } from './hooks.ts'
import { linkedSenders } from './linked-sender.ts'
import { addKey, addOffset } from './message-attributes.ts'
import { replaceMethods, type Method } from './method.ts'
import type { ConsumerTracing } from './options.ts'
import { carrierOf, consumerAttributes, runIgnored, runProcess } from './process.ts'
import { settleBatch } from './settle.ts'
import { runInBatch } from './trace-message.ts'

type Batch = BatchPayload['batch']

/** One CONSUMER span for each batch: a trace of its own that links to each sender. */
export function tracedEachBatch(tracing: ConsumerTracing, handler: Method): Method {
  const attempts = new DeliveryAttempts()
  return function (this: unknown, ...args) {
    if (isIdle(tracing)) return context.with(ROOT_CONTEXT, handler, this, ...args)
    const call = (): unknown => handler.apply(this, args)
    if (isTracingSuppressed(context.active())) return call()
    const payload = args[0] as BatchPayload | undefined
    const batch = payload?.batch
    // kafkajs hands over empty batches too, where transactions or compaction left nothing to process.
    if (!batch?.messages?.length) return runDetached(call)
    if (isIgnored(tracing, batch.topic)) return runIgnored(call)
    const operation = guard('Tracing a batch', startEachBatch, tracing, batch, attempts)
    if (!operation) return runDetached(call)
    if (tracing.settling) guard('Tracing a batch', traceSettlement, tracing, payload as object)
    return runInBatch(tracing, operation, batch, () =>
      runProcess(tracing, operation, batch.topic, batch.messages, call),
    )
  }
}

// In place: Confluent's client looks at the very payload, and it was made for this one call.
function traceSettlement(tracing: ConsumerTracing, payload: object): void {
  replaceMethods(payload, { commitOffsetsIfNecessary: settleBatch(tracing) })
}

function startEachBatch(
  tracing: ConsumerTracing,
  batch: Batch,
  attempts: DeliveryAttempts,
): Operation {
  const { topic, partition, messages } = batch
  const first = messages[0]!
  const batchLinks = new BatchLinks()
  const senderOf = linkedSenders(tracing, topic)
  const sender = senderOf(first)
  if (sender) batchLinks.addSpan(sender, linkAttributes(tracing, topic, first))
  const operation = startBatch(tracing, {
    system: 'kafka',
    destination: topic,
    messageCount: messages.length,
    // One link is there from the start, for samplers that go by it; the others only where they are kept.
    links: [...batchLinks.links],
    received: receivedIn(tracing, messages),
    attributes: consumerAttributes(tracing, partition),
    deliveryAttempt: attempts.next(
      topic,
      partition,
      Number(first.offset),
      Number(messages.at(-1)!.offset),
    ),
    spanName: spanNameFor(tracing, 'process', topic),
  })
  if (tracing.relation !== 'none') {
    linkBatch(
      operation,
      messages,
      senderOf,
      (message) => linkAttributes(tracing, topic, message),
      batchLinks,
    )
  }
  return operation
}

function linkAttributes(
  tracing: ConsumerTracing,
  topic: string,
  message: ReceivedMessage,
): Attributes {
  const attributes: Attributes = {}
  addOffset(attributes, message.offset)
  addKey(attributes, tracing, topic, message.key)
  return attributes
}

/** Whether a context came in with a batch: its messages are only read when one with a context is sent on. */
function receivedIn(tracing: ConsumerTracing, messages: readonly ReceivedMessage[]): Received {
  let spanIds: Set<string | undefined> | undefined
  return (creation) => {
    spanIds ??= new Set(
      messages.map((message) => {
        return trace.getSpanContext(extractContext(tracing, carrierOf(message)))?.spanId
      }),
    )
    return spanIds.has(creation.spanId)
  }
}
