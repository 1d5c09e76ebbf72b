import { ROOT_CONTEXT, context, type Attributes, type Link } from '@opentelemetry/api'
import { ATTR, runToEnd, type Operation, type Outcome } from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import { extractContext, suppressTracing, type HeaderCarrier } from '@throughline/core/propagation'
import type { ReceivedMessage } from './client.ts'
import { addMessage, addOffset } from './message-attributes.ts'
import { relationTo, spanNameFor, type ConsumerTracing } from './options.ts'
import { addExtraAttributes, failOperation } from './outcome.ts'

const PLAIN: Outcome<unknown> = { onError: failOperation }

/** Starts the span of one message. */
export function startMessage(
  tracing: ConsumerTracing,
  topic: string,
  partition: number,
  message: ReceivedMessage,
  links: Link[] = [],
): Operation {
  const attributes = consumerAttributes(tracing, partition)
  addOffset(attributes, message.offset)
  addMessage(attributes, tracing, message)
  const spanName = spanNameFor(tracing, 'process', topic)
  return startProcess(tracing, {
    system: 'kafka',
    destination: topic,
    sender: extractContext(tracing, carrierOf(message)),
    relation: relationTo(tracing, message, topic),
    attributes,
    links,
    ...(spanName !== undefined && { spanName }),
  })
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
  if (tracing.clientId !== undefined) attributes[ATTR.messagingClientId] = tracing.clientId
  return attributes
}

/** The headers as a carrier, whatever they hold. */
export function carrierOf(message: ReceivedMessage): HeaderCarrier | undefined {
  const { headers } = message
  return typeof headers === 'object' && headers !== null ? (headers as HeaderCarrier) : undefined
}
