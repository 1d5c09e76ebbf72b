import {
  SpanKind,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'

/**
 * The least that a span of a message can be: what a sampler may ask for at its start, the rest after it where it is kept,
 * the link to the sender, and nothing that depends on the message.
 */
export function startMessageSpan(tracer: Tracer, parent: Context, sender: SpanContext): Span {
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'orders',
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': 'g',
  }
  const span = tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, attributes }, parent)
  if (!span.isRecording()) return span
  span.addLink({ context: sender })
  return span.setAttributes({
    'messaging.kafka.offset': 1,
    'messaging.kafka.message.key': 'order-1',
    'kafka.record.queue_time_ms': 1,
  })
}
