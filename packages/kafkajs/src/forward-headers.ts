import { propagation, type TextMapPropagator } from '@opentelemetry/api'
import { guard } from '@throughline/core/integration'
import { w3cPropagator } from '@throughline/core/propagation'

/**
 * The headers of a message without the fields of its trace context, for sending it on: to a retry topic, to a
 * dead-letter topic. The message then carries the context of whoever forwards it, not that of its first sender.
 *
 * @param propagator - whose fields to leave out besides those of W3C; the global one by default
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
  const headers = { ...message.headers } as Partial<H>
  const fields = guard('Reading the fields of a propagator', () => propagator.fields()) ?? []
  for (const field of [...w3cPropagator.fields(), 'baggage', ...fields]) {
    delete headers[field as keyof H]
  }
  return headers
}
