import { SpanKind, context, type Context, type Span } from '@opentelemetry/api'
import { contextWithSpan, guard, warnOnce } from '@throughline/core/integration'
import type { FastifyRequest } from 'fastify'

interface Decorated {
  opentelemetry?(): { readonly span?: (Span & { kind?: SpanKind }) | null }
}

/**
 * The active context, with the server span that @fastify/otel already made for this request: it wraps our hook in a span
 * of its own, behind which its server span cannot be seen.
 */
export function contextOfOthers(request: FastifyRequest): Context {
  const active = context.active()
  const decorated = request as FastifyRequest & Decorated
  if (typeof decorated.opentelemetry !== 'function') return active
  const span = guard('Reading the span of @fastify/otel', spanOf, decorated)
  if (span?.kind !== SpanKind.SERVER) return active
  warnOnce(
    'fastifyTracing: @fastify/otel already makes the server span, which ends before the body is sent',
  )
  return contextWithSpan(active, span)
}

function spanOf(request: Decorated): (Span & { kind?: SpanKind }) | null | undefined {
  return request.opentelemetry?.().span
}
