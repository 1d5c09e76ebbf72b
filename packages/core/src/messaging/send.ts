import { SpanKind, context, type Attributes, type Context, type Link } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { messagingSpanName } from '../naming/messaging.ts'
import type { Tracing } from '../options.ts'
import { startOperation, type Operation } from '../span/operation.ts'

/** What is known of a send when it starts. */
export interface SendDescription {
  /** `messaging.system`: `kafka`, `bullmq`, … */
  readonly system: string
  /** The topic or queue. */
  readonly destination: string
  /** The library's own word for it. @defaultValue `'send'` */
  readonly operation?: string
  /** Only for calls that can carry many messages, then also when it is one. */
  readonly messageCount?: number
  readonly attributes?: Attributes
  /** To the contexts that messages already carried. */
  readonly links?: Link[]
  /** @defaultValue the active context: a send belongs to whoever sends */
  readonly parent?: Context
  /** A name instead of the conventional one. */
  readonly spanName?: string
}

/**
 * Starts the PRODUCER span of one send. Its context is what the messages carry: inject `operation.context`.
 * Messaging semantic conventions 1.44 (development).
 */
export function startSend(tracing: Tracing, send: SendDescription): Operation {
  const operation = send.operation ?? 'send'
  const attributes: Attributes = {
    [ATTR.messagingSystem]: send.system,
    [ATTR.messagingOperationName]: operation,
    [ATTR.messagingOperationType]: 'send',
    [ATTR.messagingDestination]: send.destination,
    ...send.attributes,
  }
  if (send.messageCount !== undefined) attributes[ATTR.messagingBatchCount] = send.messageCount
  return startOperation(
    tracing.tracer,
    send.spanName ?? messagingSpanName(operation, send.destination),
    { kind: SpanKind.PRODUCER, attributes, ...(send.links && { links: send.links }) },
    send.parent ?? context.active(),
  )
}
