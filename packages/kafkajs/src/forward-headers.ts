import { propagation, type TextMapPropagator } from '@opentelemetry/api'
import { guard } from '@throughline/core/integration'
import { w3cPropagator } from '@throughline/core/propagation'
import { withoutContext } from './context-headers.ts'

/**
 * The headers of a message without the fields of its trace context, for sending it on: to a retry topic, to a
 * dead-letter topic. The message then carries the context of whoever forwards it, not that of its first sender.
 *
 * @param propagator - whose fields to leave out besides those of W3C and the baggage of Jaeger and ottrace; the global one by default
 *
 * @example
 * ```ts
 * await producer.send({
 *   topic: 'orders.retry',
 *   messages: [{ key: message.key, value: message.value, headers: forwardHeaders(message) }],
 * })
 * ```
 */
export function forwardHeaders<H extends object>(
  message: { readonly headers?: H | null | undefined },
  propagator: Pick<TextMapPropagator, 'fields'> = propagation,
): Partial<H> {
  const fields = guard('Reading the fields of a propagator', () => propagator.fields()) ?? []
  return withoutContext(message.headers, [...w3cPropagator.fields(), 'baggage', ...fields])
}
