import type { IncomingMessage } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { knownMethod } from '../naming/method.ts'
import { redactQuery } from './query.ts'

/** What a framework knows of a request that the raw request does not say. */
export interface RequestFacts {
  /** The route's template with all prefixes: `/orders/:id`. Never the path. */
  readonly route?: string | undefined
  /** The scheme, host and address of the original client, where the framework trusts its proxies; else the socket's. */
  readonly scheme?: string | undefined
  readonly host?: string | undefined
  readonly clientAddress?: string | undefined
}

/** All attributes that are known at the start, so that a sampler can see them. HTTP semantic conventions 1.44, server. */
export function requestAttributes(request: IncomingMessage, facts: RequestFacts): Attributes {
  const { headers } = request
  const method = knownMethod(request.method)
  const target = request.url ?? '/'
  const authorityEnd = target.startsWith('/') ? 0 : endOfAuthority(target)
  const url = authorityEnd > 0 ? target.slice(authorityEnd) || '/' : target
  const question = url.indexOf('?')
  const attributes: Attributes = {
    [ATTR.httpMethod]: method,
    [ATTR.urlPath]: (question < 0 ? url : url.slice(0, question)) || '/',
  }
  if (method === '_OTHER' && request.method) attributes[ATTR.httpMethodOriginal] = request.method
  if (question >= 0) attributes[ATTR.urlQuery] = redactQuery(url.slice(question + 1))
  if (facts.route) attributes[ATTR.httpRoute] = facts.route
  // RFC 9112, 3.2.2: the host of an absolute target counts, whatever `Host` says.
  const named = authorityEnd > 0 ? hostOf(target.slice(0, authorityEnd)) : undefined
  addClient(attributes, request, facts, named ?? hostHeader(headers))
  const agent = headers['user-agent']
  if (agent) attributes[ATTR.userAgent] = agent
  return attributes
}

/** Whether a framework says another client than the connection does: it trusts a proxy. */
export function knowsClient(request: IncomingMessage, facts: RequestFacts): boolean {
  const { scheme, host, clientAddress } = facts
  return (
    (clientAddress !== undefined && clientAddress !== request.socket?.remoteAddress) ||
    (scheme !== undefined && scheme !== schemeOf(request, NO_FACTS)) ||
    (host !== undefined && host !== hostHeader(request.headers))
  )
}

/** What a framework that trusts a proxy says of the client and of what it asked for. */
export function clientAttributes(request: IncomingMessage, facts: RequestFacts): Attributes {
  const attributes: Attributes = {}
  addClient(attributes, request, facts, hostHeader(request.headers))
  return attributes
}

const NO_FACTS: RequestFacts = {}

function addClient(
  attributes: Attributes,
  request: IncomingMessage,
  facts: RequestFacts,
  host: string | undefined,
): void {
  const scheme = schemeOf(request, facts)
  attributes[ATTR.urlScheme] = scheme
  addServer(attributes, facts.host ?? host, scheme)
  const client = facts.clientAddress ?? request.socket?.remoteAddress
  if (client) attributes[ATTR.clientAddress] = client
}

function hostHeader(headers: IncomingMessage['headers']): string | undefined {
  return (headers[':authority'] as string | undefined) ?? headers.host
}

/** Where the path of an absolute target starts, as a proxy is sent it: `http://shop.example/orders`. 0 for all others. */
function endOfAuthority(target: string): number {
  const start = target.indexOf('://')
  if (start < 1) return 0
  for (let at = start + 3; at < target.length; at++) {
    if (target[at] === '/' || target[at] === '?') return at
  }
  return target.length
}

/** What comes after the scheme, without the credentials that may stand there. */
function hostOf(origin: string): string {
  return origin.slice(Math.max(origin.indexOf('://') + 3, origin.lastIndexOf('@') + 1))
}

/** What no sampler asks for, of the connection: for recorded spans only, since SDKs copy what an unsampled one is given. */
export function connectionAttributes(request: IncomingMessage): Attributes {
  const { socket } = request
  const attributes: Attributes = { [ATTR.networkProtocolVersion]: protocolVersion(request) }
  if (socket?.remoteAddress) {
    attributes[ATTR.networkPeerAddress] = socket.remoteAddress
    if (socket.remotePort !== undefined) attributes[ATTR.networkPeerPort] = socket.remotePort
  }
  return attributes
}

/** The scheme that the client used, as far as it is known. */
export function schemeOf({ socket }: IncomingMessage, { scheme }: RequestFacts): string {
  return scheme ?? ((socket as { encrypted?: boolean } | null)?.encrypted ? 'https' : 'http')
}

/** `network.protocol.version`: HTTP/2 has no minor version. */
export function protocolVersion({ httpVersion }: IncomingMessage): string {
  return httpVersion === '2.0' ? '2' : httpVersion
}

function addServer(attributes: Attributes, host: string | undefined, scheme: string): void {
  if (!host) return
  if (host !== lastHost.text) lastHost = splitHost(host)
  const { address, port } = lastHost
  attributes[ATTR.serverAddress] = address
  attributes[ATTR.serverPort] = port ?? (scheme === 'https' ? 443 : 80)
}

interface Host {
  readonly text: string
  readonly address: string
  readonly port: number | undefined
}

// Nearly all requests of a server name the same host, so the last one is kept.
let lastHost: Host = { text: '', address: '', port: undefined }

/** Splits `host:port` by hand; `[::1]:80` keeps its address without the brackets. */
function splitHost(text: string): Host {
  const bracket = text.lastIndexOf(']')
  const colon = text.indexOf(':', bracket + 1)
  const name = colon < 0 ? text : text.slice(0, colon)
  const port = colon < 0 ? Number.NaN : Number(text.slice(colon + 1))
  return {
    text,
    address: bracket > 0 ? name.slice(1, -1) : name,
    port: port > 0 ? port : undefined,
  }
}
