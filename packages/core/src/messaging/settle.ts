import { SpanKind, type Context } from '@opentelemetry/api'
import type { Tracing } from '../options.ts'
import type { Operation } from '../span/operation.ts'
import { messagingAttributes, startMessaging, type MessagingDescription } from './description.ts'
import { measureMessaging } from './metrics.ts'

/** What is known of a settlement when it starts. Its operation is the library's word: `commit`, `ack`, `reject`. */
export interface SettleDescription extends MessagingDescription {
  readonly operation: string
  /** @defaultValue the active context */
  readonly parent?: Context
}

/** Starts the CLIENT span of a settlement. Messaging semantic conventions 1.44 (development). */
export function startSettle(tracing: Tracing, settle: SettleDescription): Operation {
  const attributes = messagingAttributes(settle, 'settle')
  const operation = startMessaging(tracing, settle, attributes, {
    type: 'settle',
    kind: SpanKind.CLIENT,
    parent: settle.parent,
    links: settle.links,
  })
  const measure = { type: 'settle', attributes, messages: 0 } as const
  if (tracing.meter) measureMessaging(tracing.meter, operation, measure)
  return operation
}
