import { trace, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR, type Operation } from '@throughline/core/integration'
import { BatchLinks, startSend, type SendDescription } from '@throughline/core/messaging'
import { extractContext, injectContext, type HeaderCarrier } from '@throughline/core/propagation'
import type { SentMessage, TopicMessages } from './client.ts'
import { addMessage, addOffset } from './message-attributes.ts'
import { spanNameFor, type KafkaTracing } from './options.ts'
import { addExtraAttributes, failOperation } from './outcome.ts'

/** What one call sends to one topic, read before its span starts. */
export interface TopicSend {
  readonly messages: readonly SentMessage[]
  readonly description: SendDescription
  /** Messages whose headers hold a context that the application put there. */
  readonly carriers: ReadonlyMap<SentMessage, Context>
}

/** The same while it runs: its span, and the fields that its messages carry. */
export interface RunningSend extends TopicSend {
  readonly operation: Operation
  readonly fields: Readonly<Record<string, string>>
}

const NONE: ReadonlyMap<SentMessage, Context> = new Map()

interface RecordMetadata {
  readonly topicName?: unknown
  readonly partition?: unknown
  readonly baseOffset?: unknown
}

/** One description for each topic: kafkajs merges entries of the same topic, and so does its span. */
export function describeSends(
  tracing: KafkaTracing,
  entries: readonly TopicMessages[],
  isBatch: boolean,
): TopicSend[] {
  const [first] = entries
  if (first && entries.length === 1) return [describeSend(tracing, first, isBatch)]
  const topics = new Map<string, readonly SentMessage[]>()
  for (const { topic, messages } of entries) {
    const earlier = topics.get(topic)
    topics.set(topic, earlier ? [...earlier, ...messages] : messages)
  }
  return Array.from(topics, ([topic, messages]) =>
    describeSend(tracing, { topic, messages }, isBatch),
  )
}

export function startTopicSend(tracing: KafkaTracing, send: TopicSend): RunningSend {
  const operation = startSend(tracing, send.description)
  const fields = injectContext(tracing, operation.context, {})
  return { ...send, operation, fields }
}

/** Ends the span of a send that succeeded. */
export function endTopicSend(tracing: KafkaTracing, send: RunningSend, result: unknown): void {
  const { operation, messages, description } = send
  if (operation.recording) operation.set(placeOf(send, result))
  addExtraAttributes(tracing, operation, {
    operation: 'send',
    topic: description.destination,
    messages,
    result,
  })
  operation.end()
}

/** Ends the span of a send that failed. */
export function failTopicSend(tracing: KafkaTracing, send: RunningSend, error: unknown): void {
  const { operation, messages, description } = send
  addExtraAttributes(tracing, operation, {
    operation: 'send',
    topic: description.destination,
    messages,
    error,
  })
  failOperation(error, operation)
}

function describeSend(
  tracing: KafkaTracing,
  { topic, messages }: TopicMessages,
  isBatch: boolean,
): TopicSend {
  const description: { -readonly [K in keyof SendDescription]: SendDescription[K] } = {
    system: 'kafka',
    destination: topic,
    attributes: attributesOf(tracing, messages),
  }
  if (isBatch || messages.length > 1) description.messageCount = messages.length
  const spanName = spanNameFor(tracing, 'send', topic)
  if (spanName !== undefined) description.spanName = spanName
  const carriers = findCarriers(tracing, messages)
  if (!carriers) return { messages, description, carriers: NONE }
  const batchLinks = new BatchLinks()
  for (const creation of carriers.values()) batchLinks.add(creation)
  description.links = batchLinks.links
  return { messages, description, carriers }
}

/** The messages that carry a context already, with it; most sends have none and pay for no map. */
function findCarriers(
  tracing: KafkaTracing,
  messages: readonly SentMessage[],
): Map<SentMessage, Context> | undefined {
  let carriers: Map<SentMessage, Context> | undefined
  let fieldNames: readonly string[] | undefined
  for (const message of messages) {
    const { headers } = message
    if (typeof headers !== 'object' || headers === null) continue
    fieldNames ??= tracing.propagator.fields()
    if (!fieldNames.some((name) => Object.hasOwn(headers, name))) continue
    const creation = extractContext(tracing, headers as HeaderCarrier)
    if (!trace.getSpanContext(creation)) continue
    carriers ??= new Map()
    carriers.set(message, creation)
  }
  return carriers
}

function attributesOf(tracing: KafkaTracing, messages: readonly SentMessage[]): Attributes {
  const attributes: Attributes = {}
  if (tracing.clientId !== undefined) attributes[ATTR.messagingClientId] = tracing.clientId
  const [message] = messages
  if (message === undefined || messages.length > 1) return attributes
  if (typeof message.partition === 'number') {
    attributes[ATTR.messagingPartition] = String(message.partition)
  }
  addMessage(attributes, tracing, message)
  return attributes
}

/** Where the broker put the messages: kafkajs answers with one entry for each partition, none at `acks: 0`. */
function placeOf(send: RunningSend, result: unknown): Attributes | undefined {
  if (!Array.isArray(result)) return undefined
  const topic = send.description.destination
  const entries = (result as RecordMetadata[]).filter((entry) => entry?.topicName === topic)
  const [entry] = entries
  if (entry === undefined || entries.length > 1) return undefined
  const attributes: Attributes = {}
  if (typeof entry.partition === 'number') {
    attributes[ATTR.messagingPartition] = String(entry.partition)
  }
  if (send.messages.length === 1) addOffset(attributes, entry.baseOffset)
  return attributes
}
