import { trace, type Context, type Span } from '@opentelemetry/api'
import { findHeader, type UndiciRequest } from './undici.ts'

/**
 * Whether somebody else made a span of this request before us, as instrumentation-undici does: the headers name a span of
 * the caller's trace that is neither the caller's nor the one around it. Those are what an application passes on itself.
 */
export function isTracedAlready(request: UndiciRequest, caller: Context): boolean {
  const header = findHeader(request.headers, 'traceparent')
  if (header === undefined) return false
  const span: (Span & Parented) | undefined = trace.getSpan(caller)
  if (!span) return false
  const { traceId, spanId } = span.spanContext()
  const [, sentTraceId, sentSpanId] = header.split('-')
  if (sentTraceId !== traceId || sentSpanId === spanId) return false
  // Only the SDK's spans tell whose children they are; of others it stays unknown, and the header is believed.
  return span.isRecording() && sentSpanId !== (span.parentSpanContext?.spanId ?? span.parentSpanId)
}

interface Parented {
  readonly parentSpanContext?: { readonly spanId: string }
  /** SDK 1.x. */
  readonly parentSpanId?: string
}

/** Whether somebody else wrote their headers after ours, and so makes a span of each request too. */
export function isTracedTwice({ headers }: UndiciRequest): boolean {
  let found = 0
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string | Uint8Array
    if (name.length === 11 && name.toString().toLowerCase() === 'traceparent') found++
  }
  return found > 1
}
