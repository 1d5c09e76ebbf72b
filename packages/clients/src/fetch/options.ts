import type { Attributes } from '@opentelemetry/api'
import {
  checkOption,
  resolveTracing,
  type Tracing,
  type TracingOptions,
} from '@throughline/core/integration'
import { SCOPE } from '../scope.ts'

/** Where a request goes. */
export interface FetchUrl {
  /** Scheme, host and port: `https://shop.example:8443`. */
  readonly origin: string
  /** Path and query. */
  readonly path: string
  readonly method: string
}

/** A request that is over. */
export interface FetchExchange extends FetchUrl {
  /** `undefined` when no answer came. */
  readonly status: number | undefined
  /** What broke the request or the body, as undici saw it: the `cause` of the error that `fetch` throws. */
  readonly error: unknown
}

/** Options of `traceFetch`. */
export interface FetchTracingOptions extends TracingOptions {
  /** Which requests not to trace: no span and no headers. @defaultValue none */
  readonly ignore?: (url: FetchUrl) => boolean
  /** Extra attributes, asked for once, at the end, with everything known. @defaultValue none */
  readonly attributes?: (exchange: FetchExchange) => Attributes | undefined
  /**
   * Which origins get the headers of the propagator. Trace ids and baggage go to third parties unless you say otherwise.
   * A hook that throws sends none.
   * @defaultValue all origins
   */
  readonly propagateTo?: (origin: string) => boolean
}

export interface ResolvedFetchOptions {
  readonly tracing: Tracing
  readonly ignore: FetchTracingOptions['ignore']
  readonly attributes: FetchTracingOptions['attributes']
  readonly propagateTo: FetchTracingOptions['propagateTo']
}

export function resolveFetchOptions(options: FetchTracingOptions): ResolvedFetchOptions {
  const { ignore, attributes, propagateTo } = options
  const tracing = resolveTracing(SCOPE, 'traceFetch', options)
  checkOption('traceFetch', 'ignore', ignore, 'function')
  checkOption('traceFetch', 'attributes', attributes, 'function')
  checkOption('traceFetch', 'propagateTo', propagateTo, 'function')
  return { tracing, ignore, attributes, propagateTo }
}
