import { InvalidOptionError, type TracingOptions } from '@throughline/core/integration'
import type { ClientTracing } from './client-tracing.ts'
import type { FetchTracingOptions } from './fetch/options.ts'
import { traceFetch } from './fetch/trace-fetch.ts'

/** Options for all clients, and for each by its name. */
export interface ClientsTracingOptions extends TracingOptions {
  /**
   * Options for `fetch` and undici, on top of the shared ones; `false` leaves them alone.
   * @defaultValue `{}`
   */
  readonly fetch?: FetchTracingOptions | false
}

/**
 * Traces the calls of every client that announces them itself, wherever in the process they are made: now `fetch` and
 * undici. Needs no flag and no import order. Throws an `InvalidOptionError` for options that cannot work.
 *
 * @example
 * ```ts
 * const tracing = traceClients({ fetch: { ignore: (url) => url.path === '/health' } })
 * ```
 */
export function traceClients(options: ClientsTracingOptions = {}): ClientTracing {
  const { fetch = {}, ...shared } = options
  if (fetch !== false && (typeof fetch !== 'object' || fetch === null)) {
    throw new InvalidOptionError('traceClients', 'fetch', 'an object or false', fetch)
  }
  return traceFetch(fetch === false ? { ...shared, enabled: false } : { ...shared, ...fetch })
}
