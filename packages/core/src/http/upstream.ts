import {
  SpanKind,
  TraceFlags,
  createContextKey,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api'
import type { Operation } from '../span/operation.ts'

// `@opentelemetry/core`'s RPC metadata, reached without importing it: how HTTP instrumentations share their server span.
const RPC_METADATA = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')

interface RpcMetadata {
  readonly type: string
  readonly span: Span
  route?: string
}

/** Lets instrumentations further in find the server span and name its route. */
export function publishServerSpan(operation: Operation): void {
  operation.carry(RPC_METADATA, { type: 'http', span: operation.span } satisfies RpcMetadata)
}

/** The SERVER span that somebody else already made for this request, or `undefined`. */
export function upstreamServerSpan(context: Context): Span | undefined {
  const metadata = context.getValue(RPC_METADATA) as RpcMetadata | undefined
  if (metadata?.type === 'http' && metadata.span) return unlessEnded(metadata.span)
  const active: (Span & { kind?: SpanKind }) | undefined = trace.getSpan(context)
  if (active?.kind !== SpanKind.SERVER || active.spanContext().isRemote) return undefined
  return unlessEnded(active)
}

// An ended span belongs to an earlier request, inside which this server happened to be started. One that never was
// recorded looks the same but for its flag, and may well be this request's.
function unlessEnded(span: Span): Span | undefined {
  const sampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0
  return sampled && !span.isRecording() ? undefined : span
}

/** Tells the upstream instrumentation the route, by its own channel. */
export function publishRoute(context: Context, route: string): void {
  const metadata = context.getValue(RPC_METADATA) as RpcMetadata | undefined
  if (metadata?.type === 'http') metadata.route = route
}
