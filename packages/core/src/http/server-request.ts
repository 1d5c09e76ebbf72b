import type { IncomingMessage, ServerResponse } from 'node:http'
import { createContextKey, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import { httpServerSpanName } from '../naming/http.ts'
import { describeError } from '../span/error-description.ts'
import type { Operation } from '../span/operation.ts'
import { addHeaders, type HeaderKeys, type HeaderSource } from './headers.ts'
import { knownMethod } from '../naming/method.ts'
import { clientAttributes, knowsClient, protocolVersion, schemeOf } from './request-attributes.ts'
import type { RequestFacts } from './request-attributes.ts'
import type { ServerSeries } from './server-metrics.ts'
import { publishRoute } from './upstream.ts'

/** What the end of a request may ask of the user's options, resolved. */
export interface ServerRequestHooks {
  readonly spanName?: (request: IncomingMessage, route: string | undefined) => string
  readonly attributes?: (request: ServerRequest) => Attributes | undefined
  readonly responseHeaders: HeaderKeys
}

const REQUEST = createContextKey('@throughline/server-request')

/** The server request that the context belongs to, if Throughline traces it. */
export function activeServerRequest(context: Context): ServerRequest | undefined {
  return context.getValue(REQUEST) as ServerRequest | undefined
}

/**
 * The life of one server request. Its span ends when the response is gone (the response's `close`), always and once, with
 * what really happened: the status that was sent, the first error, or that the client left.
 *
 * Where another instrumentation already made the server span, this one only enriches it and never ends it.
 */
export class ServerRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly operation: Operation
  readonly #owned: boolean
  readonly #hooks: ServerRequestHooks
  #facts: RequestFacts
  #route: string | undefined
  #headerSource: HeaderSource
  #error: unknown
  #failed = false
  #timedOut = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    operation: Operation,
    owned: boolean,
    hooks: ServerRequestHooks,
    facts: RequestFacts,
  ) {
    this.request = request
    this.response = response
    this.#headerSource = response
    this.operation = operation
    operation.carry(REQUEST, this)
    this.#owned = owned
    this.#hooks = hooks
    this.#facts = facts
    this.#route = facts.route
  }

  /** The context to run the request in. */
  get context(): Context {
    return this.operation.context
  }

  /** The first error of the request, or `undefined`. */
  get error(): unknown {
    return this.#error
  }

  /** @internal What its metric is told of it. */
  get series(): ServerSeries {
    const { request } = this
    return {
      method: knownMethod(request.method),
      scheme: schemeOf(request, this.#facts),
      version: protocolVersion(request),
      route: this.#route,
      status: this.#sentStatus(),
    }
  }

  /** Names the route as soon as a router knows it. Its template, never the path. */
  route(template: string): void {
    this.#route = template
    // Before all else: metrics of the upstream instrumentation want the route of unsampled requests too.
    if (!this.#owned) publishRoute(this.context, template)
    if (!this.operation.recording) return
    this.operation.span.setAttribute(ATTR.httpRoute, template)
    this.operation.span.updateName(serverSpanName(this.request, template, this.#hooks))
  }

  /** What a framework knows better than the server that it runs on: the route, and the client of a proxy it trusts. */
  learn(facts: RequestFacts): void {
    if (facts.route) this.route(facts.route)
    if (!knowsClient(this.request, facts)) return
    this.#facts = facts
    if (this.operation.recording) this.operation.set(clientAttributes(this.request, facts))
  }

  /** Says who knows the headers of the answer, where a framework writes them past the response's own. */
  headersFrom(source: HeaderSource): void {
    this.#headerSource = source
  }

  /** Keeps an error until the end decides what it meant: one that was answered with a status below 500 is none. */
  fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
  }

  /** The framework gave up waiting for an answer. */
  timeout(): void {
    this.#timedOut = true
  }

  /** Called at the response's `close`. */
  end(): void {
    const { operation } = this
    if (operation.ended) return
    // The outcome is the metric's too, so it is found for unsampled requests as well.
    guard('Describing the end of a request', describeEnd, this)
    if (this.#owned) operation.end()
  }

  /** @internal */
  describeOutcome(): void {
    const { operation, response } = this
    const status = this.#sentStatus()
    if (operation.recording) this.#describeResponse(status)
    const complete = isComplete(this.request, response)
    if (complete && (status === undefined || status < 500)) return
    if (this.#timedOut) return operation.error({ type: 'timeout' })
    // A body that broke off because the client left is no error of its own.
    if (this.#failed && this.#error !== this.request.errored)
      return this.#describeError(this.#error)
    // What the response was destroyed with: the fault of a stream that was piped into it, never the client's.
    const { errored } = response as { errored?: unknown }
    if (errored) return this.#describeError(errored)
    operation.error({ type: complete ? String(status) : whoLeft(this.request, response) })
  }

  #describeResponse(status: number | undefined): void {
    const { operation } = this
    const attributes: Attributes = {}
    if (status !== undefined) attributes[ATTR.httpStatus] = status
    const { responseHeaders } = this.#hooks
    if (responseHeaders.length > 0) {
      addHeaders(attributes, responseHeaders, this.#headerSource.getHeaders())
    }
    operation.set(attributes)
    if (!this.#hooks.attributes) return
    operation.set(guard('The hook "attributes"', this.#hooks.attributes, this))
  }

  #describeError(error: unknown): void {
    const { operation } = this
    // The span goes on until it is ended by its owner, so the error is written without ending it.
    operation.error(describeError(error))
    operation.recordException(error)
  }

  #sentStatus(): number | undefined {
    return this.response.headersSent ? this.response.statusCode : undefined
  }
}

/** The user's name for a request, else the conventional one. */
export function serverSpanName(
  request: IncomingMessage,
  route: string | undefined,
  { spanName }: ServerRequestHooks,
): string {
  const chosen = spanName && guard('The hook "spanName"', spanName, request, route)
  return chosen ?? httpServerSpanName(request.method, route)
}

function describeEnd(request: ServerRequest): void {
  request.describeOutcome()
}

/**
 * Whether the response was sent to its end. On HTTP/1 an aborted response never finishes; on HTTP/2 it does, with a reset
 * code. `writableFinished` may lag behind a socket that is still open.
 */
function isComplete(request: IncomingMessage, response: ServerResponse): boolean {
  const stream = (response as { stream?: { rstCode?: number } }).stream
  if (stream) return response.writableEnded && stream.rstCode === 0
  return response.writableEnded && (response.writableFinished || !request.socket?.destroyed)
}

/**
 * Who gave up a response that was not sent to its end: the client closed or reset its connection first, or the server
 * destroyed the response, say because the body's stream failed.
 */
function whoLeft({ socket }: IncomingMessage, response: ServerResponse): string {
  const stream = (response as { stream?: { rstCode?: number } }).stream
  const client = stream
    ? stream.rstCode !== HTTP2_INTERNAL_ERROR
    : !socket || socket.errored !== null || socket.readableEnded
  return client ? 'client_disconnected' : 'response_aborted'
}

const HTTP2_INTERNAL_ERROR = 2
