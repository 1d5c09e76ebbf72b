import { SpanKind, context, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { httpClientSpanName } from '../naming/http.ts'
import type { Tracing } from '../options.ts'
import { startOperation, type Operation } from '../span/operation.ts'
import { knownMethod } from '../naming/method.ts'
import { redactQuery } from './query.ts'

/** An outgoing request when it starts. */
export interface ClientRequestDescription {
  readonly method: string
  /** Scheme, host and port: `https://shop.example:8443`. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  readonly attributes?: Attributes
  /** @defaultValue the active context */
  readonly parent?: Context
}

/** Starts the CLIENT span of a request. HTTP semantic conventions 1.44, client. */
export function startClientRequest(tracing: Tracing, request: ClientRequestDescription): Operation {
  const method = knownMethod(request.method)
  const attributes: Attributes = { [ATTR.httpMethod]: method, ...request.attributes }
  if (method === '_OTHER') attributes[ATTR.httpMethodOriginal] = request.method
  addUrl(attributes, request.origin, request.path)
  return startOperation(
    tracing.tracer,
    httpClientSpanName(request.method),
    { kind: SpanKind.CLIENT, attributes },
    request.parent ?? context.active(),
  )
}

/** Notes the answer: on a client 4xx and 5xx are errors, named by their status. */
export function noteResponse(operation: Operation, status: number): void {
  operation.set({ [ATTR.httpStatus]: status })
  if (status >= 400) operation.error({ type: String(status) })
}

function addUrl(attributes: Attributes, origin: string, path: string): void {
  const question = path.indexOf('?')
  const clean =
    question < 0 ? path : `${path.slice(0, question)}?${redactQuery(path.slice(question + 1))}`
  if (!URL.canParse(origin)) return // `URL.parse` is not there before Node 22
  const url = new URL(origin)
  attributes[ATTR.urlFull] = `${url.protocol}//${url.host}${clean}`
  const { hostname } = url
  attributes[ATTR.serverAddress] = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  attributes[ATTR.serverPort] = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
}
