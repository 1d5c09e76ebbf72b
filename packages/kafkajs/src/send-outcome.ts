import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '@throughline/core/integration'
import { MAX_LINKS } from '@throughline/core/messaging'
import type { SentMessage } from './client.ts'
import { addOffset, offsetOf } from './message-attributes.ts'
import type { KafkaTracing } from './options.ts'
import { addExtraAttributes, failOperation } from './outcome.ts'
import { entriesOf, placementsOf, type Placement } from './placement.ts'
import type { RunningSend } from './topic-send.ts'

type Placements = readonly (Placement | undefined)[]

/** Ends the span of a send that succeeded. */
export function endTopicSend(
  tracing: KafkaTracing,
  send: RunningSend,
  result: unknown,
  sent: readonly SentMessage[] = send.messages,
): void {
  const { operation, messages, description } = send
  if (operation.recording) {
    const topic = description.destination
    const entries = entriesOf(result, topic)
    operation.set(placeOf(send, entries))
    // kafkajs learns of its cluster with the first send.
    if (description.attributes?.[ATTR.kafkaClusterId] === undefined) {
      operation.set(identityOf(tracing))
    }
    const placements = tracing.capturePlacement ? placementsOf(sent, entries) : undefined
    if (send.created) linkCreated(send, placements)
    else if (placements && messages.length > 1) operation.set(listOf(placements))
    const activity = { operation: 'send', topic, messages, result } as const
    addExtraAttributes(tracing, operation, placements ? { ...activity, placements } : activity)
  }
  operation.end()
}

/** Ends the span of a send that failed. */
export function failTopicSend(tracing: KafkaTracing, send: RunningSend, error: unknown): void {
  const { operation, messages, description } = send
  if (send.created && operation.recording) linkCreated(send, undefined)
  addExtraAttributes(tracing, operation, {
    operation: 'send',
    topic: description.destination,
    messages,
    error,
  })
  failOperation(error, operation)
}

function identityOf(tracing: KafkaTracing): Attributes {
  const attributes: Attributes = {}
  tracing.identity.addTo(attributes)
  return attributes
}

/** What is known of all messages: their partition where it is the same, the offset of a single one. */
function placeOf(
  { messages }: RunningSend,
  entries: ReturnType<typeof entriesOf>,
): Attributes | undefined {
  const [entry] = entries
  if (entry === undefined || entries.length > 1) return undefined
  const attributes: Attributes = {}
  if (typeof entry.partition === 'number') {
    attributes[ATTR.messagingPartition] = String(entry.partition)
  }
  if (messages.length === 1) addOffset(attributes, entry.baseOffset)
  return attributes
}

/** Links to the create spans: at the end, because only then it is known where each message went. */
function linkCreated({ created, links, operation }: RunningSend, placements?: Placements): void {
  const from = links.links.length
  created?.forEach((one, at) => {
    if (one) links.add(one.operation.context, attributesOf(placements?.[at]))
  })
  operation.span.addLinks(links.links.slice(from))
}

function attributesOf(placement: Placement | undefined): Attributes | undefined {
  if (!placement) return undefined
  const offset = offsetOf(placement.offset)
  return {
    [ATTR.messagingPartition]: String(placement.partition),
    ...(offset !== undefined && { [ATTR.kafkaOffset]: offset }),
  }
}

/** As many as a span has links, so that no send makes an attribute without end. */
function listOf(placements: Placements): Attributes {
  const texts = placements
    .slice(0, MAX_LINKS)
    .map((placement) => (placement ? `${placement.partition}:${placement.offset}` : ''))
  return { [ATTR.kafkaPlacements]: texts }
}
