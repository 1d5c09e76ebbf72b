import type { IncomingMessage, ServerResponse } from 'node:http'
import { context, type Context } from '@opentelemetry/api'
import type { HttpServerTracer, RequestFacts } from '@throughline/core/http'
import { guard } from '@throughline/core/integration'
import { objectSetter, w3cPropagator } from '@throughline/core/propagation'
import type { ResponseHeader } from './options.ts'

/** The context to run a request in: with its span, where it has one. Never throws. */
export function startRequest(
  tracer: HttpServerTracer,
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts = NO_FACTS,
): Context {
  return guard('Starting a request', start, tracer, request, response, facts) ?? context.active()
}

const NO_FACTS: RequestFacts = {}

function start(
  tracer: HttpServerTracer,
  request: IncomingMessage,
  response: ServerResponse,
  facts: RequestFacts,
): Context {
  return tracer.start(request, response, facts)
}

/** Tells the client the trace of its request. */
export function tellTrace(header: ResponseHeader, traced: Context, response: ServerResponse): void {
  guard('Writing the response header', write, header, traced, response)
}

function write(header: ResponseHeader, traced: Context, response: ServerResponse): void {
  const carrier: { traceparent?: string } = {}
  w3cPropagator.inject(traced, carrier, objectSetter)
  const { traceparent } = carrier
  if (traceparent === undefined || response.headersSent) return
  response.setHeader(
    header,
    header === 'traceparent' ? traceparent : `traceparent;desc="${traceparent}"`,
  )
}
