import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { prepareTracing } from './install.ts'
import type { FastifyTracingOptions } from './options.ts'
import type { RequestTracing } from './request-tracing.ts'
import { SCOPE } from './scope.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false`: requests of this route are not traced, and neither is what they do. */
    tracing?: boolean
  }
  interface FastifyRequest {
    /** The span and the context of this request, by `@throughline/fastify`. */
    readonly tracing: RequestTracing
  }
}

/**
 * Traces every request of the application: one SERVER span, from `onRequest` until the response is gone, named by method
 * and route. Register it anywhere, once; it covers routes and plugins that were registered before it and after it. In a
 * plugin of its own scope it covers that plugin and what is registered in it.
 *
 * It adds hooks and replaces nothing, unless spans for hooks or handlers are asked for. Where another instrumentation
 * already made the server span, it names the route on that one instead of making a second.
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
  prepareTracing(options)(app)
}
