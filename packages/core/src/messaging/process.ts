import {
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import type { Tracing } from '../options.ts'
import { hasConflict } from '../propagation/conflict.ts'
import { originOf, type Relation } from '../propagation/relation.ts'
import { isValidSpan } from '../propagation/span-context.ts'
import type { Operation } from '../span/operation.ts'
import { messagingAttributes, startMessaging, type MessagingDescription } from './description.ts'
import { carryReceived, type Received } from './existing-context.ts'
import { measureMessaging } from './metrics.ts'

interface ProcessDescriptionBase extends MessagingDescription {
  /** The topic or queue. */
  readonly destination: string
  /** Which delivery this is, where the transport or `DeliveryAttempts` knows; written from the second one on. */
  readonly deliveryAttempt?: number | undefined
}

/** What is known of the processing of one message when it starts. */
export interface ProcessDescription extends Omit<ProcessDescriptionBase, 'messageCount'> {
  /** The context that the message carried, from `extractContext`. */
  readonly sender: Context
  readonly relation: Relation
  /** Links beside the one to the sender: to the batch that the message came in. */
  readonly links?: Link[] | undefined
  /** `false` for a message of a batch, which was counted when the batch was delivered. @defaultValue `true` */
  readonly countDelivery?: boolean
}

/** What is known of the processing of a batch when it starts. */
export interface BatchDescription extends ProcessDescriptionBase {
  readonly messageCount: number
  /**
   * Links that a sampler shall see. Leave them out and call `linkBatch` with the operation: it costs nothing where the
   * span is not recorded.
   */
  readonly links?: Link[]
  /** Whether a context is that of one of its messages: asked only when one with a context is sent on. */
  readonly received?: Received
}

/**
 * Starts the CONSUMER span of one message. It starts from the message's own context or from ROOT, never from the context
 * of whoever started the consumer. Messaging semantic conventions 1.44 (development).
 */
export function startProcess(tracing: Tracing, process: ProcessDescription): Operation {
  const { sender, relation, links: further } = process
  const received = trace.getSpanContext(sender)
  const isChild = relation === 'parent' && !further?.length && !hasConflict(sender)
  const start: Start = isChild ? { parent: sender } : originWith(sender, relation, further)
  const delivered = process.countDelivery === false ? 0 : 1
  const operation = startConsumer(tracing, process, start, received, delivered)
  if (isChild && received && operation.recording) {
    guard('Linking to a sender', linkToParent, operation, received)
  }
  return operation
}

/** Where a span starts from, and the links that it starts with. */
interface Start {
  readonly parent: Context
  readonly links?: Link[]
}

function originWith(sender: Context, relation: Relation, further: Link[] | undefined): Start {
  const origin = originOf(sender, relation)
  if (further?.length) origin.links.push(...further)
  return origin
}

/**
 * The link that the conventions ask for beside the parent. A sampler sees the parent itself, so the link is made after the
 * start, only where it is kept. That the tracer went on with the sender's trace says that its ids are valid: to look at
 * every digit once more would cost more than the link does.
 */
function linkToParent({ span }: Operation, sender: SpanContext): void {
  const isTaken = span.spanContext().traceId === sender.traceId
  if (isTaken || isValidSpan(sender)) span.addLink({ context: sender })
}

/** Starts the CONSUMER span of a batch: a trace of its own that links to each message's sender. */
export function startBatch(tracing: Tracing, batch: BatchDescription): Operation {
  const start: Start = { parent: ROOT_CONTEXT, links: batch.links ?? [] }
  return startConsumer(tracing, batch, start, batch.received, batch.messageCount)
}

function startConsumer(
  tracing: Tracing,
  process: ProcessDescriptionBase,
  { parent, links }: Start,
  received: SpanContext | Received | undefined,
  delivered: number,
): Operation {
  const attributes = messagingAttributes(process, 'process')
  const { deliveryAttempt } = process
  if (deliveryAttempt !== undefined && deliveryAttempt > 1) {
    attributes[ATTR.deliveryAttempt] = deliveryAttempt
  }
  const role = { type: 'process', kind: SpanKind.CONSUMER, parent, links } as const
  const operation = startMessaging(tracing, process, attributes, role)
  if (received) carryReceived(operation, received)
  const measure = { type: 'process', attributes, messages: delivered } as const
  if (tracing.meter) measureMessaging(tracing.meter, operation, measure)
  return operation
}
