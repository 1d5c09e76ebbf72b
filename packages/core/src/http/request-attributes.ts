import type { IncomingMessage } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { knownMethod } from './method.ts'
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
  const { socket, headers } = request
  const method = knownMethod(request.method)
  const url = request.url ?? '/'
  const question = url.indexOf('?')
  const scheme = schemeOf(request, facts)
  const attributes: Attributes = {
    [ATTR.httpMethod]: method,
    [ATTR.urlPath]: question < 0 ? url : url.slice(0, question),
    [ATTR.urlScheme]: scheme,
    [ATTR.networkProtocolVersion]: protocolVersion(request),
  }
  if (method === '_OTHER' && request.method) attributes[ATTR.httpMethodOriginal] = request.method
  if (question >= 0) attributes[ATTR.urlQuery] = redactQuery(url.slice(question + 1))
  if (facts.route) attributes[ATTR.httpRoute] = facts.route
  addServer(attributes, facts.host ?? (headers[':authority'] as string) ?? headers.host, scheme)
  const peer = socket?.remoteAddress
  const client = facts.clientAddress ?? peer
  if (client) attributes[ATTR.clientAddress] = client
  if (peer) {
    attributes[ATTR.networkPeerAddress] = peer
    if (socket.remotePort !== undefined) attributes[ATTR.networkPeerPort] = socket.remotePort
  }
  const agent = headers['user-agent']
  if (agent) attributes[ATTR.userAgent] = agent
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

/** Splits `host:port` by hand; `[::1]:80` keeps its address without the brackets. */
function addServer(attributes: Attributes, host: string | undefined, scheme: string): void {
  if (!host) return
  const bracket = host.lastIndexOf(']')
  const colon = host.indexOf(':', bracket + 1)
  const name = colon < 0 ? host : host.slice(0, colon)
  const port = colon < 0 ? Number.NaN : Number(host.slice(colon + 1))
  attributes[ATTR.serverAddress] = bracket > 0 ? name.slice(1, -1) : name
  attributes[ATTR.serverPort] = port > 0 ? port : scheme === 'https' ? 443 : 80
}
