import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { headerGetter, w3cPropagator } from '@throughline/core/propagation'

/**
 * For Fastify's option `genReqId`: the trace id of the request, so that logs and traces share one id. It is that of an
 * active span, else that of the `traceparent` that the caller sent, else a random UUID, because Fastify asks before
 * the request has a span. Requests of one trace share their id.
 *
 * @example
 * ```ts
 * const app = Fastify({ genReqId: traceRequestId })
 * ```
 */
export function traceRequestId(request: { readonly headers: IncomingHttpHeaders }): string {
  const active = trace.getSpanContext(context.active())
  if (active) return active.traceId
  const caller = w3cPropagator.extract(ROOT_CONTEXT, request.headers, headerGetter)
  return trace.getSpanContext(caller)?.traceId ?? randomUUID()
}
