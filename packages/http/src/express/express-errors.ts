import type { IncomingMessage, ServerResponse } from 'node:http'
import { routingOf } from './routing.ts'

/** An error middleware of Express 4 or 5. */
export type ExpressErrorMiddleware = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Tells the span which error a request failed by, and passes it on. For Express 4 and 5.0 to 5.2, after all routes and
 * before your own error handlers; Express 5.3 tells it by itself. The end decides what it meant: an error that is
 * answered with a status below 500 is none.
 *
 * @example
 * ```ts
 * app.use(expressErrors())
 * ```
 */
export function expressErrors(): ExpressErrorMiddleware {
  return function expressErrors(error, _request, response, next) {
    routingOf(response)?.traced.fail(error)
    next(error)
  }
}
