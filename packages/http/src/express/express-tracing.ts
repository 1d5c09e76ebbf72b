import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import { HttpServerTracer, type RequestFacts } from '@throughline/core/http'
import { checkOption, guard, resolveTracing, warnOnce } from '@throughline/core/integration'
import { checkResponseHeader, type HttpTracingOptions } from '../options.ts'
import { SCOPE } from '../scope.ts'
import { startRequest, tellTrace } from '../start-request.ts'
import { isWatched, watchRouting } from './routing.ts'
import { listenToRouter, listenToSteps } from './router-channel.ts'
import type { StepOptions } from './step-spans.ts'

/** The options of `expressTracing`: those of `traceHttpServer`, and what only Express can give. */
export interface ExpressTracingOptions extends HttpTracingOptions {
  /**
   * A span for each middleware and error handler that is called after this one, under the request's. What they do is not
   * inside it: Express tells when a step begins and ends, and lets nobody make a span active for it. Express 5.3 or later.
   * @defaultValue `false`
   */
  readonly middlewareSpans?: boolean
  /**
   * A span for each handler of a route; like `middlewareSpans` otherwise.
   * @defaultValue `false`
   */
  readonly handlerSpans?: boolean
}

/** A middleware of Express 4 or 5. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** What Express adds to a request, in all versions. */
interface ExpressRequest extends IncomingMessage {
  readonly app?: { enabled?(setting: string): boolean }
  readonly protocol?: string
  readonly hostname?: string
  readonly ip?: string
}

/**
 * Traces the requests of an Express application: one SERVER span each, named by method and route with the patterns of all
 * routers that it is mounted in, active in everything that is used after it. Use it first. On a server that is traced
 * already, by `traceHttpServer` or by instrumentation-http, it names the route on that span and makes none.
 *
 * @example
 * ```ts
 * app.use(expressTracing())
 * ```
 * @throws InvalidOptionError for options that cannot work
 */
export function expressTracing(options: ExpressTracingOptions = {}): ExpressMiddleware {
  checkResponseHeader('expressTracing', options)
  const steps = resolveSteps(options)
  const tracer = new HttpServerTracer(SCOPE, 'expressTracing', options)
  if (!tracer.enabled) return (_request, _response, next) => next()
  const { responseHeader } = options
  listenToRouter()
  if (steps) listenToSteps()
  return function expressTracing(request, response, next) {
    if (isWatched(response)) {
      warnOnce('expressTracing is used twice on one application; the first one traces it')
      return next()
    }
    const known = guard('Reading a request', facts, request)
    const traced = startRequest(tracer, request, response, known)
    const serverRequest = tracer.of(response)
    if (serverRequest) watchRouting(serverRequest, response, steps)
    if (responseHeader) tellTrace(responseHeader, traced, response)
    context.with(traced, next)
  }
}

function resolveSteps(options: ExpressTracingOptions): StepOptions | undefined {
  const { middlewareSpans: middleware = false, handlerSpans: handlers = false } = options
  checkOption('expressTracing', 'middlewareSpans', middleware, 'boolean')
  checkOption('expressTracing', 'handlerSpans', handlers, 'boolean')
  if (!middleware && !handlers) return undefined
  return { tracing: resolveTracing(SCOPE, 'expressTracing', options), middleware, handlers }
}

const NO_FACTS: RequestFacts = {}

/** Address, host and scheme of the client behind the proxies, where `trust proxy` says so; else the socket's. */
function facts(request: ExpressRequest): RequestFacts {
  if (!request.app?.enabled?.('trust proxy')) return NO_FACTS
  return { scheme: request.protocol, host: hostOf(request), clientAddress: request.ip }
}

/** The header that Express took the host name from: it has the port too, and `host` means another thing in Express 4. */
function hostOf({ headers, hostname }: ExpressRequest): string | undefined {
  const forwarded = headers['x-forwarded-host']
  const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim()
  return [headers.host, first].find((host) => hostname && host?.startsWith(hostname)) ?? hostname
}
