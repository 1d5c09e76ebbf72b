import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '@throughline/core/integration'

/** Where a client is connected to, or a pool will be. */
export interface ServerFacts {
  readonly host?: unknown
  readonly port?: unknown
  readonly database?: unknown
}

/** Server and database as attributes; what is not known is left out. A socket has a path and no port. */
export function serverAttributes({ host, port, database }: ServerFacts): Attributes {
  const attributes: Attributes = {}
  if (typeof database === 'string' && database) attributes[ATTR.dbNamespace] = database
  if (typeof host !== 'string' || !host) return attributes
  attributes[ATTR.serverAddress] = host
  const number = Number(port)
  if (number > 0 && !host.startsWith('/')) attributes[ATTR.serverPort] = number
  return attributes
}

/** What a pool's options say before its first connection tells where it really went. */
export function serverOfPool(options: unknown): ServerFacts {
  const { connectionString, ...facts } = (options ?? {}) as ServerFacts & {
    connectionString?: unknown
  }
  const url = typeof connectionString === 'string' ? URL.parse(connectionString) : null
  if (!url) return facts
  return { host: url.hostname, port: url.port || 5432, database: url.pathname.slice(1) }
}
