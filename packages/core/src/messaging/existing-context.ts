import { createContextKey, trace, type Context, type SpanContext } from '@opentelemetry/api'
import { guard } from '../guard.ts'
import type { Operation } from '../span/operation.ts'

/**
 * What becomes of a context that a message carries already when it is sent. `'preserve'`: it stays, since whoever created
 * the message put it there (an outbox, Debezium). `'replace'`: the send's own takes its place. `'auto'`: it stays unless
 * it is the context of the very message that is being processed; then its headers were only forwarded (to a retry topic,
 * to a dead-letter topic), and the send is the new cause. The send links to the old context in all cases.
 */
export type ExistingContext = 'auto' | 'preserve' | 'replace'

/** Whether a context is that of a message which is being processed. */
export type Received = (creation: SpanContext) => boolean

const RECEIVED = createContextKey('@throughline/received')

/** Marks an operation as processing messages: what is sent in its context may carry their headers. */
export function carryReceived(operation: Operation, received: SpanContext | Received): void {
  operation.carry(RECEIVED, received)
}

/** Whether the context that a message carries stays in it when it is sent. */
export function keepsContext(mode: ExistingContext, creation: Context, active: Context): boolean {
  if (mode !== 'auto') return mode === 'preserve'
  const received = active.getValue(RECEIVED) as SpanContext | Received | undefined
  const carried = received && trace.getSpanContext(creation)
  if (!carried) return true
  if (typeof received !== 'function') return !isSame(received, carried)
  return guard('Looking for a forwarded context', received, carried) !== true
}

function isSame(one: SpanContext, other: SpanContext): boolean {
  return one.spanId === other.spanId && one.traceId === other.traceId
}
