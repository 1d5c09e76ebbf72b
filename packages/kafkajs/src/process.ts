import { ROOT_CONTEXT, context, type Attributes, type Link } from '@opentelemetry/api'
import { ATTR, runToEnd, type Operation, type Outcome } from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import { extractContext, suppressTracing, type HeaderCarrier } from '@throughline/core/propagation'
import type { ReceivedMessage } from './client.ts'
import { relationTo, spanNameFor } from './hooks.ts'
import { addHeaders, addMessage, addOffset } from './message-attributes.ts'
import type { ConsumerTracing } from './options.ts'
import { addExtraAttributes, failOperation } from './outcome.ts'

const PLAIN: Outcome<unknown> = { onError: failOperation }

/** A message with what is known of how it came. */
export interface Delivery {
  readonly topic: string
  readonly partition: number
  readonly message: ReceivedMessage
  readonly attempt?: number
  /** To the batch that it came in, which counted it. */
  readonly batch?: Link[]
}

/** Starts the span of one message. */
export function startMessage(tracing: ConsumerTracing, delivery: Delivery): Operation {
  const { topic, partition, message, batch } = delivery
  const attributes = consumerAttributes(tracing, partition)
  addHeaders(attributes, tracing, message.headers)
  const operation = startProcess(tracing, {
    system: 'kafka',
    destination: topic,
    sender: extractContext(tracing, carrierOf(message)),
    relation: relationTo(tracing, message, topic),
    attributes,
    deliveryAttempt: delivery.attempt,
    links: batch,
    countDelivery: batch === undefined,
    spanName: spanNameFor(tracing, 'process', topic),
  })
  if (operation.recording) operation.set(messageAttributes(tracing, topic, message))
  return operation
}

/** What is of this message alone. No rule of a sampler is about it, so it is read only where it is kept. */
function messageAttributes(
  tracing: ConsumerTracing,
  topic: string,
  message: ReceivedMessage,
): Attributes {
  const attributes: Attributes = {}
  addOffset(attributes, message.offset)
  addQueueTime(attributes, message.timestamp)
  addMessage(attributes, tracing, topic, message)
  return attributes
}

/** Runs a handler to its end with its span active. */
export function runProcess<T>(
  tracing: ConsumerTracing,
  operation: Operation,
  topic: string,
  messages: readonly ReceivedMessage[],
  call: () => T,
): T {
  if (!tracing.attributes) return runToEnd(operation, call, PLAIN as Outcome<T>)
  const activity = { operation: 'process', topic, messages } as const
  return runToEnd(operation, call, {
    onResult: (result) => addExtraAttributes(tracing, operation, { ...activity, result }),
    onError: (error) => {
      addExtraAttributes(tracing, operation, { ...activity, error })
      failOperation(error, operation)
    },
  })
}

/** Runs the handler of an ignored topic: nothing that it does is traced either. */
export function runIgnored<T>(call: () => T): T {
  return context.with(suppressTracing(ROOT_CONTEXT), call)
}

export function consumerAttributes(tracing: ConsumerTracing, partition: number): Attributes {
  const attributes: Attributes = { [ATTR.messagingPartition]: String(partition) }
  if (tracing.groupId !== undefined) attributes[ATTR.messagingGroup] = tracing.groupId
  tracing.identity.addTo(attributes)
  return attributes
}

/** The headers as a carrier, whatever they hold. */
export function carrierOf(message: ReceivedMessage): HeaderCarrier | undefined {
  const { headers } = message
  return typeof headers === 'object' && headers !== null ? (headers as HeaderCarrier) : undefined
}

/** From the message's timestamp to now. Clocks of two machines differ: less than nothing counts as unknown. */
function addQueueTime(attributes: Attributes, timestamp: unknown): void {
  if (typeof timestamp !== 'string' || timestamp === '') return
  const sentAt = Number(timestamp)
  const waited = Date.now() - sentAt
  // A broker that was given no time says -1.
  if (waited >= 0 && sentAt > 0) attributes[ATTR.kafkaQueueTime] = waited
}
