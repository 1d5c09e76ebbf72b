import { w3cPropagator, objectSetter } from '@throughline/core/propagation'
import type { ServerRequest } from '@throughline/core/http'
import type { FastifyReply } from 'fastify'
import type { FastifyTracingOptions } from './options.ts'

/** Tells the client the trace of its request, beside what the application says in the same header. */
export function writeResponseHeader(
  header: NonNullable<FastifyTracingOptions['responseHeader']>,
  traced: ServerRequest,
  reply: FastifyReply,
): void {
  const carrier: { traceparent?: string } = {}
  w3cPropagator.inject(traced.context, carrier, objectSetter)
  const { traceparent } = carrier
  if (traceparent === undefined) return
  if (header === 'traceparent') {
    void reply.header(header, traceparent)
    return
  }
  const entry = `traceparent;desc="${traceparent}"`
  const present = reply.getHeader(header)
  void reply.header(header, present === undefined ? entry : `${String(present)}, ${entry}`)
}
