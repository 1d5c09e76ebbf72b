import { context, type Attributes } from '@opentelemetry/api'
import { guard, type Operation } from '@throughline/core/integration'
import { BatchLinks, startBatch } from '@throughline/core/messaging'
import { extractContext, isTracingSuppressed, runDetached } from '@throughline/core/propagation'
import type { BatchPayload } from './client.ts'
import { addKey, addOffset } from './message-attributes.ts'
import type { Method } from './method.ts'
import { isIgnored, relationTo, spanNameFor, type ConsumerTracing } from './options.ts'
import { carrierOf, consumerAttributes, runIgnored, runProcess } from './process.ts'
import { rememberBatch } from './trace-message.ts'

type Batch = BatchPayload['batch']

/** One CONSUMER span for each batch: a trace of its own that links to each sender. */
export function tracedEachBatch(tracing: ConsumerTracing, handler: Method): Method {
  return function (this: unknown, ...args) {
    const call = (): unknown => handler.apply(this, args)
    if (isTracingSuppressed(context.active())) return call()
    const batch = (args[0] as BatchPayload | undefined)?.batch
    // kafkajs hands over empty batches too, where transactions or compaction left nothing to process.
    if (!batch?.messages?.length) return runDetached(call)
    if (isIgnored(tracing, batch.topic)) return runIgnored(call)
    const operation = guard('Tracing a batch', startEachBatch, tracing, batch)
    if (!operation) return runDetached(call)
    guard('Remembering a batch', rememberBatch, tracing, operation, batch)
    return runProcess(tracing, operation, batch.topic, batch.messages, call)
  }
}

function startEachBatch(tracing: ConsumerTracing, batch: Batch): Operation {
  const spanName = spanNameFor(tracing, 'process', batch.topic)
  return startBatch(tracing, {
    system: 'kafka',
    destination: batch.topic,
    messageCount: batch.messages.length,
    links: tracing.relation === 'none' ? [] : linksOf(tracing, batch),
    attributes: consumerAttributes(tracing, batch.partition),
    ...(spanName !== undefined && { spanName }),
  })
}

function linksOf(tracing: ConsumerTracing, batch: Batch): BatchLinks['links'] {
  const batchLinks = new BatchLinks()
  for (const message of batch.messages) {
    if (batchLinks.full) break
    const carrier = carrierOf(message)
    if (!carrier || relationTo(tracing, message, batch.topic) === 'none') continue
    const attributes: Attributes = {}
    addOffset(attributes, message.offset)
    addKey(attributes, tracing, message.key)
    batchLinks.add(extractContext(tracing, carrier), attributes)
  }
  return batchLinks.links
}
