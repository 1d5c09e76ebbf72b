import type { HttpServerOptions } from '@throughline/core/http'
import { checkChoice } from '@throughline/core/integration'

const RESPONSE_HEADERS = ['server-timing', 'traceparent'] as const

/** The header that tells a client its trace. */
export type ResponseHeader = (typeof RESPONSE_HEADERS)[number]

/** The options of `traceHttpServer` and of `expressTracing`: those of every HTTP server, and one more. */
export interface HttpTracingOptions extends HttpServerOptions {
  /**
   * Tells the client the request's trace: `'server-timing'`, which browsers read, or `'traceparent'`. Anybody who can
   * send requests then learns trace ids. An application that sets the header itself replaces it.
   * @defaultValue none
   */
  readonly responseHeader?: ResponseHeader
}

export function checkResponseHeader(owner: string, options: HttpTracingOptions): void {
  checkChoice(owner, 'responseHeader', options.responseHeader, RESPONSE_HEADERS)
}
