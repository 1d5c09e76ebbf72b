import { context } from '@opentelemetry/api'
import { HttpServerTracer, type HttpServerOptions, type RequestFacts } from '@throughline/core/http'
import { suppressTracing } from '@throughline/core/propagation'
import { warnOnce } from '@throughline/core/integration'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { SCOPE } from './scope.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false`: requests of this route are not traced, and neither is what they do. */
    tracing?: boolean
  }
}

/** The options of `fastifyTracing`: those of every HTTP server. */
export type FastifyTracingOptions = HttpServerOptions

const kTracing = Symbol.for('@throughline/fastify')

/**
 * Traces every request of the application: one SERVER span, from `onRequest` until the response is gone, named by method
 * and route. Register it anywhere, once; it covers routes and plugins that were registered before it and after it.
 *
 * It adds hooks and replaces nothing. Where another instrumentation already made the server span, it names the route on
 * that one instead of making a second.
 *
 * @example
 * ```ts
 * app.register(fastifyTracing)
 * ```
 * @throws InvalidOptionError at registration, for an option that cannot work
 */
const fastifyTracing: FastifyPluginAsync<FastifyTracingOptions> = fastifyPlugin(register, {
  name: SCOPE.name,
  fastify: '>=4.26.0',
})

export { fastifyTracing }

async function register(app: FastifyInstance, options: FastifyTracingOptions): Promise<void> {
  const tracer = new HttpServerTracer(SCOPE, 'fastifyTracing', options)
  if (!tracer.enabled) return
  if (app.hasDecorator(kTracing)) {
    warnOnce('fastifyTracing is registered twice on one application; the first one traces it')
    return
  }
  app.decorate(kTracing, true)
  app.addHook('onRequest', (request, reply, next) => {
    context.with(startRequest(tracer, request, reply), next)
  })
  app.addHook('onError', (_request, reply, error, next) => {
    // It runs for every error, before the error handler decides what to answer: the end decides what it meant.
    tracer.of(reply.raw)?.fail(error)
    next()
  })
  app.addHook('onTimeout', (_request, reply, next) => {
    tracer.of(reply.raw)?.timeout()
    next()
  })
}

function startRequest(tracer: HttpServerTracer, request: FastifyRequest, reply: FastifyReply) {
  const { config, url } = request.routeOptions
  if (config?.tracing === false) return suppressTracing(context.active())
  return tracer.start(request.raw, reply.raw, facts(request, url))
}

/** Address, host and scheme as Fastify sees them: of the client behind the proxies where `trustProxy` says so. */
function facts(request: FastifyRequest, url: string | undefined): RequestFacts {
  return {
    route: request.is404 ? undefined : url,
    scheme: request.protocol,
    host: request.host ?? request.hostname, // Fastify 4 has no `host`
    clientAddress: request.ip,
  }
}
