import { HttpServerTracer } from '@throughline/core/http'
import { InvalidOptionError, warnOnce } from '@throughline/core/integration'
import { checkResponseHeader, type HttpTracingOptions } from '../options.ts'
import { SCOPE } from '../scope.ts'
import { EmitTracing } from './emit-tracing.ts'
import type { HttpServer } from './http-server.ts'

const kTracing: unique symbol = Symbol.for('@throughline/http') as never
type Traced = HttpServer & { [kTracing]?: EmitTracing }

/**
 * Traces every request of a server: one SERVER span, active in all of the server's listeners, until the response is gone.
 * Returns the same server. Listeners may be added before or after, and frameworks on top of it (Express, Fastify, Nest)
 * name the route on the same span. Doing it twice changes nothing and warns.
 *
 * @example
 * ```ts
 * const server = traceHttpServer(createServer(app)).listen(3000)
 * ```
 * @throws InvalidOptionError for arguments that cannot work; never afterwards
 */
export function traceHttpServer<S extends HttpServer>(
  server: S,
  options: HttpTracingOptions = {},
): S {
  if (typeof server?.emit !== 'function' || typeof server.listen !== 'function') {
    throw new InvalidOptionError('traceHttpServer', 'server', 'a server', server)
  }
  checkResponseHeader('traceHttpServer', options)
  const tracer = new HttpServerTracer(SCOPE, 'traceHttpServer', options)
  if (!tracer.enabled) return server
  if (kTracing in server) {
    warnOnce('traceHttpServer: this server is traced already, so the second call has no effect')
    return server
  }
  const tracing = new EmitTracing(server, tracer, options.responseHeader)
  tracing.enable()
  Object.defineProperty(server, kTracing, { value: tracing, configurable: true })
  return server
}

/** Takes the tracing of a server back. Requests that it is serving now are traced to their end. */
export function untraceHttpServer(server: HttpServer): void {
  const traced: Traced = server
  traced[kTracing]?.disable()
  delete traced[kTracing]
}
