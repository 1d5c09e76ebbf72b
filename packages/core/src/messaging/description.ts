import {
  context,
  type Attributes,
  type Context,
  type Link,
  type SpanKind,
} from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { messagingSpanName, type NamedDestination } from '../naming/messaging.ts'
import type { Tracing } from '../options.ts'
import { startOperation, type Operation } from '../span/operation.ts'

/** What is known of any messaging operation when it starts. */
export interface MessagingDescription {
  /** `messaging.system`: `kafka`, `bullmq`, … */
  readonly system: string
  /** The topic or queue; `undefined` where the operation is about many. */
  readonly destination?: string | undefined
  /** The library's own word for it. @defaultValue the type of the operation: `send`, `create`, `process`, `settle` */
  readonly operation?: string
  /** Only for calls that can carry many messages, then also when it is one. */
  readonly messageCount?: number
  readonly attributes?: Attributes
  readonly links?: Link[] | undefined
  /** A name instead of the conventional one. */
  readonly spanName?: string | undefined
}

/** What an operation is by the conventions, and where it starts from. */
export interface MessagingRole {
  readonly type: 'send' | 'create' | 'process' | 'settle'
  readonly kind: SpanKind
  readonly parent: Context | undefined
  readonly links: Link[] | undefined
}

/** The attributes of an operation: those of the conventions, then the caller's. */
export function messagingAttributes(
  description: MessagingDescription,
  type: MessagingRole['type'],
): Attributes {
  const attributes: Attributes = {
    [ATTR.messagingSystem]: description.system,
    [ATTR.messagingOperationName]: description.operation ?? type,
    [ATTR.messagingOperationType]: type,
  }
  if (description.destination !== undefined) {
    attributes[ATTR.messagingDestination] = description.destination
  }
  if (description.messageCount !== undefined) {
    attributes[ATTR.messagingBatchCount] = description.messageCount
  }
  return description.attributes ? Object.assign(attributes, description.attributes) : attributes
}

export function startMessaging(
  tracing: Tracing,
  description: MessagingDescription,
  attributes: Attributes,
  { type, kind, parent, links }: MessagingRole,
): Operation {
  const name =
    description.spanName ??
    messagingSpanName(description.operation ?? type, destinationOf(description, attributes))
  return startOperation(
    tracing.tracer,
    name,
    links ? { kind, attributes, links } : { kind, attributes },
    parent ?? context.active(),
  )
}

/** Almost all destinations are named as they are: only the others cost an object. */
function destinationOf(
  { destination }: MessagingDescription,
  attributes: Attributes,
): string | NamedDestination | undefined {
  const template = attributes[ATTR.messagingDestinationTemplate]
  const temporary = attributes[ATTR.messagingDestinationTemporary]
  if (destination !== undefined && template === undefined && temporary === undefined) {
    return destination
  }
  return {
    name: destination,
    template: template as string | undefined,
    temporary: temporary as boolean | undefined,
    serverAddress: attributes[ATTR.serverAddress] as string | undefined,
    serverPort: attributes[ATTR.serverPort] as number | undefined,
  }
}
