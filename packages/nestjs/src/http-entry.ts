import type { IncomingMessage, ServerResponse } from 'node:http'
import { context, type Context } from '@opentelemetry/api'
import { guard } from '@throughline/core/integration'
import type { HttpServerTracer, RequestFacts } from '@throughline/core/http'

type Done = (error?: Error) => void
type RequestHook = (request: FrameworkRequest, response: FrameworkResponse, done: Done) => unknown

/** The request of an adapter: Fastify's, which holds the raw one, or Express's, which is the raw one. */
interface FrameworkRequest {
  readonly raw?: IncomingMessage
  readonly is404?: boolean
  readonly routeOptions?: { readonly url?: string }
  readonly protocol?: string
  readonly host?: string
  readonly hostname?: string
  readonly ip?: string
}

interface FrameworkResponse {
  readonly raw?: ServerResponse
}

/** The part of Nest's HTTP adapters (11.1.4 and later) that is used here. The hook is a single slot. */
interface HookableAdapter {
  readonly onRequestHook?: RequestHook
  setOnRequestHook(hook: RequestHook): void
}

/** The part of the adapters before 11.1.4 that is used here: the framework's own instance. */
interface OlderAdapter {
  getType(): string
  getInstance(): {
    use(middleware: RequestHook): unknown
    addHook(name: 'onRequest', hook: RequestHook): unknown
  }
}

/**
 * Traces the requests of an adapter from before its first middleware, whoever answers them: handlers, guards or nobody.
 * A hook that was there before still runs, inside. Adapters without the hook are left alone.
 */
export function traceHttpAdapter(adapter: unknown, server: HttpServerTracer): void {
  if (!isHookable(adapter)) return
  const previous = adapter.onRequestHook
  const nameRoute = routeNamer(server)
  adapter.setOnRequestHook((request, response, done) => {
    const inside = guard('Starting a request', start, server, nameRoute, request, response)
    if (previous) return enter(inside, previous.bind(adapter, request, response, done))
    return enter(inside, done)
  })
}

/**
 * The same for the adapters of Nest before 11.1.4, by the framework's own means. It must come before the routes. Answers
 * whether there was anything to do.
 */
export function traceOlderAdapter(adapter: unknown, server: HttpServerTracer): boolean {
  if (isHookable(adapter) || !isOlderAdapter(adapter)) return false
  const nameRoute = routeNamer(server)
  const hook: RequestHook = (request, response, done) => {
    const inside = guard('Starting a request', start, server, nameRoute, request, response)
    return enter(inside, done)
  }
  const type = adapter.getType()
  if (type === 'fastify') adapter.getInstance().addHook('onRequest', hook)
  else if (type === 'express') adapter.getInstance().use(hook)
  else return false
  return true
}

/** Runs what follows. A request that is joined has its context already: to enter it once more would only cost. */
function enter(inside: Context | undefined, next: () => unknown): unknown {
  return inside && inside !== context.active() ? context.with(inside, next) : next()
}

function isOlderAdapter(adapter: unknown): adapter is OlderAdapter {
  const { getType, getInstance } = (adapter ?? {}) as Partial<OlderAdapter>
  return typeof getType === 'function' && typeof getInstance === 'function'
}

function isHookable(adapter: unknown): adapter is HookableAdapter {
  return typeof (adapter as HookableAdapter | null | undefined)?.setOnRequestHook === 'function'
}

function start(
  server: HttpServerTracer,
  nameRoute: (this: ServerResponse) => void,
  request: FrameworkRequest,
  response: FrameworkResponse,
): Context {
  if (request.raw && response.raw) {
    return server.start(request.raw, response.raw, fastifyFacts(request))
  }
  const rawResponse = response as ServerResponse
  const { protocol: scheme, ip: clientAddress } = request
  const active = server.start(request as IncomingMessage, rawResponse, { scheme, clientAddress })
  // First of all listeners, because the span ends in another one.
  if (server.of(rawResponse)) rawResponse.prependListener('close', nameRoute)
  return active
}

/** Fastify has routed before its first hook. Address and scheme are the client's where `trustProxy` says so. */
function fastifyFacts(request: FrameworkRequest): RequestFacts {
  return {
    route: request.is404 ? undefined : request.routeOptions?.url,
    scheme: request.protocol,
    host: request.host ?? request.hostname,
    clientAddress: request.ip,
  }
}

/** Express knows the route only once a router matched, so it is read at the end. */
function routeNamer(server: HttpServerTracer): (this: ServerResponse) => void {
  return function nameRoute() {
    const request = this.req as IncomingMessage & { baseUrl?: string; route?: { path?: unknown } }
    const path = request.route?.path
    if (typeof path === 'string') server.of(this)?.route(`${request.baseUrl ?? ''}${path}`)
  }
}
