import { trace, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR, guard, type Operation } from '@throughline/core/integration'
import {
  BatchLinks,
  keepsContext,
  startCreate,
  startSend,
  type SendDescription,
} from '@throughline/core/messaging'
import { extractContext, injectContext, type HeaderCarrier } from '@throughline/core/propagation'
import type { SentMessage, TopicMessages } from './client.ts'
import { spanNameFor } from './hooks.ts'
import { addHeaders, addMessage } from './message-attributes.ts'
import type { KafkaTracing } from './options.ts'

/** The context that a message brought along, and whether it stays. */
interface Carried {
  readonly creation: Context
  readonly keeps: boolean
}

/** A message that has a span of its own. */
interface Created {
  readonly operation: Operation
  readonly fields: Fields
}

export type Fields = Readonly<Record<string, string>>

/** What one call sends to one topic, read before its span starts. */
export interface TopicSend {
  readonly messages: readonly SentMessage[]
  readonly description: SendDescription
  readonly links: BatchLinks
  /** By message; absent where none has a context, as usual. */
  readonly carried: readonly (Carried | undefined)[] | undefined
  readonly creates: boolean
}

/** The same while it runs: its span, and the fields that its messages carry. */
export interface RunningSend extends TopicSend {
  readonly operation: Operation
  readonly fields: Fields
  /** By message; absent where the messages have no spans of their own. */
  readonly created: readonly (Created | undefined)[] | undefined
}

/** One description for each topic: kafkajs merges entries of the same topic, and so does its span. */
export function describeSends(
  tracing: KafkaTracing,
  entries: readonly TopicMessages[],
  isBatch: boolean,
  active: Context,
): TopicSend[] {
  const [first] = entries
  if (first && entries.length === 1) return [describeSend(tracing, first, isBatch, active)]
  const topics = new Map<string, readonly SentMessage[]>()
  for (const { topic, messages } of entries) {
    const earlier = topics.get(topic)
    topics.set(topic, earlier ? [...earlier, ...messages] : messages)
  }
  return Array.from(topics, ([topic, messages]) =>
    describeSend(tracing, { topic, messages }, isBatch, active),
  )
}

export function startTopicSend(tracing: KafkaTracing, send: TopicSend): RunningSend {
  const created = send.creates ? createMessages(tracing, send) : undefined
  const operation = startSend(tracing, send.description)
  const fields = send.creates ? {} : injectContext(tracing, operation.context, {})
  return { ...send, operation, fields, created }
}

function describeSend(
  tracing: KafkaTracing,
  { topic, messages }: TopicMessages,
  isBatch: boolean,
  active: Context,
): TopicSend {
  const carried = findCarried(tracing, messages, active)
  const links = new BatchLinks()
  if (carried) for (const one of carried) if (one) links.add(one.creation)
  const creates = tracing.perMessage === 'create' && messages.length > 1
  const description: { -readonly [K in keyof SendDescription]: SendDescription[K] } = {
    system: 'kafka',
    destination: topic,
    parent: active,
    attributes: attributesOf(tracing, topic, messages),
  }
  if (isBatch || messages.length > 1) description.messageCount = messages.length
  if (creates || carried?.every((one) => one?.keeps)) description.injected = false
  if (carried) description.links = [...links.links]
  const spanName = spanNameFor(tracing, 'send', topic)
  if (spanName !== undefined) description.spanName = spanName
  return { messages, description, links, carried, creates }
}

/** The contexts that messages carry already; most sends have none and pay for no list. */
function findCarried(
  tracing: KafkaTracing,
  messages: readonly SentMessage[],
  active: Context,
): (Carried | undefined)[] | undefined {
  let carried: (Carried | undefined)[] | undefined
  let fieldNames: readonly string[] | undefined
  for (let at = 0; at < messages.length; at++) {
    const { headers } = messages[at]!
    if (typeof headers !== 'object' || headers === null) continue
    fieldNames ??= tracing.propagator.fields()
    if (!hasAny(headers, fieldNames)) continue
    const creation = extractContext(tracing, headers as HeaderCarrier)
    if (!trace.getSpanContext(creation)) continue
    carried ??= messages.map(() => undefined)
    carried[at] = { creation, keeps: keepsContext(tracing.existingContext, creation, active) }
  }
  return carried
}

function hasAny(headers: object, names: readonly string[]): boolean {
  for (const name of names) if (Object.hasOwn(headers, name)) return true
  return false
}

function createMessages(
  tracing: KafkaTracing,
  { messages, carried, description }: TopicSend,
): (Created | undefined)[] {
  const { system, destination, parent } = description
  return messages.map((message, at) => {
    const old = carried?.[at]
    if (old?.keeps) return undefined
    const attributes = guard(
      'Describing a message',
      messageAttributes,
      tracing,
      destination,
      message,
    )
    const links = new BatchLinks()
    if (old) links.add(old.creation)
    const operation = startCreate(tracing, {
      system,
      destination,
      links: links.links,
      ...(parent && { parent }),
      ...(attributes && { attributes }),
    })
    const fields = injectContext(tracing, operation.context, {})
    operation.end()
    return { operation, fields }
  })
}

function attributesOf(
  tracing: KafkaTracing,
  topic: string,
  messages: readonly SentMessage[],
): Attributes {
  const [message] = messages
  if (message && messages.length === 1) return messageAttributes(tracing, topic, message)
  const attributes: Attributes = {}
  tracing.identity.addTo(attributes)
  return attributes
}

function messageAttributes(tracing: KafkaTracing, topic: string, message: SentMessage): Attributes {
  const attributes: Attributes = {}
  tracing.identity.addTo(attributes)
  if (typeof message.partition === 'number') {
    attributes[ATTR.messagingPartition] = String(message.partition)
  }
  addMessage(attributes, tracing, topic, message)
  addHeaders(attributes, tracing, message.headers)
  return attributes
}
