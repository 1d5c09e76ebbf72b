import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RoutePath } from './path.ts'

/** What Express 5.3 (router 2.3) publishes for each middleware and handler that it calls. */
export interface RouterMessage {
  readonly req: IncomingMessage & { readonly baseUrl?: string }
  readonly res: ServerResponse
  readonly layer: { readonly route?: unknown; readonly method?: string }
  /** The middleware or handler itself; a router has its layers in `stack`. */
  readonly handler: { readonly name: string; readonly stack?: unknown }
  readonly errorHandler?: boolean
  /** The path that the layer's router matched, as it was written. */
  readonly route?: RoutePath
  readonly error?: unknown
}
