import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  type Attributes,
  type Context,
  type SpanOptions,
} from '@opentelemetry/api'
import { checkChoice, checkOption, isIdle, resolveTracing } from '../options.ts'
import type { MeteredTracingOptions, Scope, Tracing } from '../options.ts'
import { originOfRequest, type Trust } from '../propagation/relation.ts'
import { isTracingSuppressed, suppressTracing } from '../propagation/suppress.ts'
import { extractContext } from '../propagation/transfer.ts'
import { Operation, startOperation } from '../span/operation.ts'
import { addHeaders, headerKeys, type CapturedHeaders, type HeaderKeys } from './headers.ts'
import { resolveIgnore, type Ignore, type IgnoreHook } from './ignore.ts'
import { connectionAttributes, requestAttributes, type RequestFacts } from './request-attributes.ts'
import { measureServerRequest } from './server-metrics.ts'
import { ServerRequest, activeServerRequest, serverSpanName } from './server-request.ts'
import type { ServerRequestHooks } from './server-request.ts'
import { publishServerSpan, upstreamServerSpan } from './upstream.ts'

/** The options of everything that serves HTTP requests. */
export interface HttpServerOptions extends MeteredTracingOptions {
  /** What not to trace, by a function or by globs of paths: its children are suppressed too. */
  readonly ignore?: Ignore
  /** A name instead of `{method} {route}`. It must be of low cardinality: no ids, no paths. */
  readonly spanName?: (request: IncomingMessage, route: string | undefined) => string
  /** Extra attributes, asked for once, at the end, with everything known. */
  readonly attributes?: (request: ServerRequest) => Attributes | undefined
  /** Headers to record, by name. @defaultValue none */
  readonly captureHeaders?: CapturedHeaders
  /** @defaultValue `'inherit'` */
  readonly trust?: Trust
}

const kRequest: unique symbol = Symbol('throughline.serverRequest') as never

/** Starts the server requests of one application. Made once, at set-up; bad options throw here. */
export class HttpServerTracer {
  readonly enabled: boolean
  readonly #tracing: Tracing
  readonly #ignore: IgnoreHook | undefined
  readonly #options: HttpServerOptions
  readonly #hooks: ServerRequestHooks
  readonly #requestHeaders: HeaderKeys

  constructor(scope: Scope, owner: string, options: HttpServerOptions = {}) {
    this.#tracing = resolveTracing(scope, owner, options)
    this.#ignore = resolveIgnore(owner, options.ignore)
    checkOption(owner, 'spanName', options.spanName, 'function')
    checkOption(owner, 'attributes', options.attributes, 'function')
    checkChoice(owner, 'trust', options.trust, ['inherit', 'edge'])
    this.enabled = options.enabled !== false
    this.#options = options
    this.#requestHeaders = headerKeys(owner, 'request', options.captureHeaders?.request)
    this.#hooks = {
      responseHeaders: headerKeys(owner, 'response', options.captureHeaders?.response),
      ...(options.spanName && { spanName: options.spanName }),
      ...(options.attributes && { attributes: options.attributes }),
    }
  }

  /**
   * Starts the span of a request and arranges its end. The answer is the context to run the request in: with the span,
   * or with tracing suppressed where the request is ignored. A request that is already traced is joined, not doubled.
   */
  start(
    request: IncomingMessage,
    response: ServerResponse,
    facts: RequestFacts,
    active: Context = context.active(),
  ): Context {
    if (isTracingSuppressed(active)) return active
    if (isIdle(this.#tracing)) return active
    if (this.#ignore?.(request)) return suppressTracing(active)
    return (
      this.#join(active, request, response, facts) ?? this.#begin(request, response, facts).context
    )
  }

  /** The traced request of a raw response, or `undefined`. */
  of(response: ServerResponse): ServerRequest | undefined {
    return (response as Marked)[kRequest]
  }

  #join(
    active: Context,
    request: IncomingMessage,
    response: ServerResponse,
    facts: RequestFacts,
  ): Context | undefined {
    if (active === ROOT_CONTEXT) return undefined // nobody is around this request: the usual case
    const ours = activeServerRequest(active)
    if (ours?.request === request) {
      mark(response, ours)
      ours.learn(facts)
      return active
    }
    if (ours) return undefined // another request's context: a request injected from inside a handler
    const span = upstreamServerSpan(active)
    if (!span) return undefined
    const operation = new Operation(span, active)
    const joined = new ServerRequest(request, response, operation, false, this.#hooks, facts)
    if (facts.route) joined.route(facts.route)
    watch(response, joined)
    return joined.context
  }

  #begin(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): ServerRequest {
    const { trust = 'inherit' } = this.#options
    const caller = extractContext(this.#tracing, request.headers)
    const { parent, links } = originOfRequest(caller, trust)
    const attributes = requestAttributes(request, facts)
    addHeaders(attributes, this.#requestHeaders, request.headers)
    const options: SpanOptions = { kind: SpanKind.SERVER, attributes }
    if (links.length > 0) options.links = links // SDKs copy a list that is empty as well
    const name = serverSpanName(request, facts.route, this.#hooks)
    const operation = startOperation(this.#tracing.tracer, name, options, parent)
    publishServerSpan(operation)
    if (operation.recording) operation.set(connectionAttributes(request))
    const traced = new ServerRequest(request, response, operation, true, this.#hooks, facts)
    const { meter } = this.#tracing
    if (meter) measureServerRequest(meter, operation, traced)
    watch(response, traced)
    return traced
  }
}

type Marked = ServerResponse & { [kRequest]?: ServerRequest }

function mark(response: ServerResponse, request: ServerRequest): void {
  ;(response as Marked)[kRequest] = request
}

function watch(response: ServerResponse, request: ServerRequest): void {
  mark(response, request)
  // In front of everyone else's: an upstream instrumentation ends its span there, and no fault of theirs may hold us up.
  response.prependListener('close', onClose)
}

// One function for all requests; `close` comes once, whatever became of the response.
function onClose(this: ServerResponse): void {
  ;(this as Marked)[kRequest]?.end()
}
