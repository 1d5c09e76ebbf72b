import { SpanKind, type Context } from '@opentelemetry/api'
import type { Tracing } from '../options.ts'
import type { Operation } from '../span/operation.ts'
import { messagingAttributes, startMessaging, type MessagingDescription } from './description.ts'
import { measureMessaging } from './metrics.ts'

/** What is known of a send when it starts; its links are to the contexts that messages already carried. */
export interface SendDescription extends MessagingDescription {
  /** The topic or queue. */
  readonly destination: string
  /** @defaultValue the active context: a send belongs to whoever sends */
  readonly parent?: Context
  /**
   * `false`: every message carries a context of its own, that of a create span or of whoever made it, so the send's is
   * written into none, and its kind is CLIENT.
   * @defaultValue `true`
   */
  readonly injected?: boolean
}

/**
 * Starts the span of one send, PRODUCER as a rule. Its context is what the messages carry: inject `operation.context`.
 * Messaging semantic conventions 1.44 (development).
 */
export function startSend(tracing: Tracing, send: SendDescription): Operation {
  const attributes = messagingAttributes(send, 'send')
  const operation = startMessaging(tracing, send, attributes, {
    type: 'send',
    kind: send.injected === false ? SpanKind.CLIENT : SpanKind.PRODUCER,
    parent: send.parent,
    links: send.links,
  })
  const messages = send.messageCount ?? 1
  if (tracing.meter)
    measureMessaging(tracing.meter, operation, { type: 'send', attributes, messages })
  return operation
}

/** What is known of a message when it is created to be sent with others. */
export type CreateDescription = Omit<SendDescription, 'messageCount' | 'injected'>

/**
 * Starts the PRODUCER span of the creation of one message among those of a send. Inject its context into that message,
 * end it, link the send to it. A message that carries a context already gets none.
 */
export function startCreate(tracing: Tracing, create: CreateDescription): Operation {
  return startMessaging(tracing, create, messagingAttributes(create, 'create'), {
    type: 'create',
    kind: SpanKind.PRODUCER,
    parent: create.parent,
    links: create.links,
  })
}
