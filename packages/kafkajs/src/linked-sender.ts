import type { SpanContext } from '@opentelemetry/api'
import {
  extractContext,
  headerGetter,
  readW3cSender,
  validSpan,
} from '@throughline/core/propagation'
import type { ReceivedMessage } from './client.ts'
import { relationTo } from './hooks.ts'
import type { ConsumerTracing } from './options.ts'
import { carrierOf } from './process.ts'

const W3C = new Set(['traceparent', 'tracestate', 'baggage'])

/** The span that a message names as its sender; `undefined` where it is not to be linked to. */
export type LinkedSender = (message: ReceivedMessage) => SpanContext | undefined

/**
 * Reads the senders of a batch. A link takes their span alone: where the propagator knows no fields but W3C's, it is read
 * without the rest, which nobody would look at.
 */
export function linkedSenders(tracing: ConsumerTracing, topic: string): LinkedSender {
  if (tracing.relation === 'none') return () => undefined
  const isW3c = tracing.propagator.fields().every((field) => W3C.has(field))
  return (message) => {
    const carrier = carrierOf(message)
    if (!carrier || relationTo(tracing, message, topic) === 'none') return undefined
    return isW3c
      ? readW3cSender(carrier, headerGetter)
      : validSpan(extractContext(tracing, carrier))
  }
}
