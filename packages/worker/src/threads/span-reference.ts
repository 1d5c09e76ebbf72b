import type { SpanContext } from '@opentelemetry/api'
import type { SpanReference } from '@throughline/core/integration'

export function referenceTo({
  traceId,
  spanId,
  traceFlags,
  traceState,
}: SpanContext): SpanReference {
  const serialized = traceState?.serialize()
  const reference = { traceId, spanId, traceFlags }
  return serialized ? { ...reference, traceState: serialized } : reference
}
