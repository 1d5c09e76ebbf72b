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

/**
 * Traces the requests of an adapter from before its first middleware, whoever answers them: handlers, guards or nobody.
 * A hook that was there before still runs, inside. Adapters without the hook are left alone.
 */
export function traceHttpAdapter(adapter: unknown, server: HttpServerTracer): void {
  if (!isHookable(adapter)) return
  const previous = adapter.onRequestHook
  const nameRoute = routeNamer(server)
  adapter.setOnRequestHook((request, response, done) => {
    const active = guard('Starting a request', start, server, nameRoute, request, response)
    const inside = active ?? context.active()
    if (previous) return context.with(inside, previous, adapter, request, response, done)
    return context.with(inside, done)
  })
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
