import { context } from '@opentelemetry/api'
import { HttpServerTracer, type RequestFacts, type ServerRequest } from '@throughline/core/http'
import { resolveTracing, warnOnce, type Tracing } from '@throughline/core/integration'
import { traceMixin, type LogFields } from '@throughline/core/logging'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { traceHandlers } from './handler-spans.ts'
import { traceHooks } from './hook-spans.ts'
import { resolveOptions, withEnvironment } from './options.ts'
import type { FastifyTracingOptions, ResolvedOptions } from './options.ts'
import { contextOfOthers } from './other-plugin.ts'
import { RequestTracing } from './request-tracing.ts'
import { writeResponseHeader } from './response-header.ts'
import { SCOPE } from './scope.ts'
import { watchStream } from './stream-errors.ts'
import { kTraced, tracedRequest, type Slotted } from './traced-request.ts'

const OWNER = 'fastifyTracing'
const kInstalled = Symbol.for('@throughline/fastify')

/** Checks the options, and answers what adds the hooks that trace an application, once. */
export function prepareTracing(given: FastifyTracingOptions): (app: FastifyInstance) => void {
  const options = withEnvironment(given)
  const resolved = resolveOptions(options)
  const tracing = resolveTracing(SCOPE, OWNER, options)
  const tracer = new HttpServerTracer(SCOPE, OWNER, options)
  return (app) => {
    if (app.hasDecorator(kInstalled)) {
      warnOnce('fastifyTracing is registered twice on one application; the first one traces it')
      return
    }
    app.decorate(kInstalled, true)
    decorateRequests(app, tracing)
    if (tracer.enabled) addHooks(app, tracer, tracing, resolved)
  }
}

function addHooks(
  app: FastifyInstance,
  tracer: HttpServerTracer,
  tracing: Tracing,
  { hookSpans, handlerSpans, responseHeader, logPreset }: ResolvedOptions,
): void {
  addLifecycle(app, tracer)
  if (logPreset) bindLogs(app, traceMixin(logPreset))
  if (responseHeader) {
    app.addHook('onSend', (request, reply, _payload, next) => {
      const traced = tracedRequest(request)
      if (traced) writeResponseHeader(responseHeader, traced, reply)
      next()
    })
  }
  if (handlerSpans) traceHandlers(app, tracing)
  // Last, so that hooks of ours get no spans.
  if (hookSpans.size > 0) traceHooks(app, hookSpans, tracing)
}

function decorateRequests(app: FastifyInstance, { propagator }: Tracing): void {
  app.decorateRequest(kTraced, null)
  if (app.hasRequestDecorator('tracing')) {
    warnOnce('fastifyTracing: "request.tracing" is taken already and stays what it is')
    return
  }
  app.decorateRequest('tracing', {
    getter(this: FastifyRequest): RequestTracing {
      return new RequestTracing(tracedRequest(this), propagator)
    },
  })
}

function addLifecycle(app: FastifyInstance, tracer: HttpServerTracer): void {
  app.addHook('onRequest', (request, reply, next) => {
    context.with(startRequest(tracer, request, reply), next)
  })
  app.addHook('onError', (request, reply, error, next) => {
    // It runs for every error, before the error handler decides what to answer: the end decides what it meant.
    const traced = lateRequest(tracer, request, reply)
    if (isHandlerTimeout(error)) traced?.timeout()
    traced?.fail(error)
    next()
  })
  app.addHook('onTimeout', (request, _reply, next) => {
    tracedRequest(request)?.timeout()
    next()
  })
  app.addHook('onSend', (request, reply, payload, next) => {
    const traced = lateRequest(tracer, request, reply)
    if (traced && typeof payload === 'object') watchStream(payload, traced)
    traced?.headersFrom(reply)
    next()
  })
}

function startRequest(tracer: HttpServerTracer, request: FastifyRequest, reply: FastifyReply) {
  const { config, url } = request.routeOptions
  const active = contextOfOthers(request)
  const started =
    config?.tracing === false
      ? suppressTracing(active)
      : tracer.start(request.raw, reply.raw, facts(request, url), active)
  const slotted = request as Slotted
  slotted[kTraced] = isTracingSuppressed(started) ? undefined : tracer.of(reply.raw)
  return started
}

/** A hook that was added before ours may have answered before ours ran: then the request starts here. */
function lateRequest(
  tracer: HttpServerTracer,
  request: FastifyRequest,
  reply: FastifyReply,
): ServerRequest | undefined {
  if ((request as Slotted)[kTraced] === null) startRequest(tracer, request, reply)
  return tracedRequest(request)
}

/** Address, host and scheme as Fastify sees them: of the client behind the proxies where `trustProxy` says so. */
function facts(request: FastifyRequest, url: string | undefined): RequestFacts {
  return {
    route: url,
    scheme: request.protocol,
    host: request.host ?? request.hostname, // Fastify 4 has no `host`
    clientAddress: request.ip,
  }
}

function isHandlerTimeout(error: { readonly code?: unknown } | null | undefined): boolean {
  return error?.code === 'FST_ERR_HANDLER_TIMEOUT'
}

function bindLogs(app: FastifyInstance, fields: () => LogFields): void {
  app.addHook('onRequest', (request, reply, next) => {
    const traced = tracedRequest(request)
    if (traced) request.log = reply.log = request.log.child(context.with(traced.context, fields))
    next()
  })
}
