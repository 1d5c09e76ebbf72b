import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { guard } from '@throughline/core/integration'
import { joinPaths, pathText, type RoutePath } from './path.ts'
import { nameRoute, routingOf, type Routing } from './routing.ts'

/** What Express 5.3 (router 2.3) publishes for each middleware and handler that it calls. */
interface RouterMessage {
  readonly req: IncomingMessage & { readonly baseUrl?: string }
  readonly res: ServerResponse
  readonly layer: { readonly route?: unknown; readonly method?: string }
  /** The path that the layer's router matched, as it was written. */
  readonly route?: RoutePath
  readonly error?: unknown
}

let listening = false

/** Listens to Express's own channel, once for the process. A request that nobody traces costs it one look. */
export function listenToRouter(): void {
  if (listening) return
  listening = true
  subscribe('tracing:express.router.request:start', (message) => {
    guard('Reading the route', onStart, message as RouterMessage)
  })
  subscribe('tracing:express.router.request:error', (message) => {
    const { res, error } = message as RouterMessage
    routingOf(res)?.traced.fail(error)
  })
}

function onStart({ req, res, layer, route }: RouterMessage): void {
  const routing = routingOf(res)
  if (!routing || route === undefined) return
  const { baseUrl = '' } = req
  // A layer inside a route has a method, also an undefined one; a layer with a route is told of for its parameters.
  if ('method' in layer || layer.route) {
    nameRoute(routing, joinPaths(mountPattern(routing, baseUrl), pathText(route)))
  } else if (baseUrl !== '' && route !== '/') {
    noteMount(routing, baseUrl, pathText(route))
  }
}

function noteMount(routing: Routing, baseUrl: string, pattern: string): void {
  const mounts = (routing.mounts ??= new Map())
  mounts.set(baseUrl, joinPaths(parentPattern(mounts, baseUrl), pattern))
}

function mountPattern({ mounts }: Routing, baseUrl: string): string {
  return (baseUrl !== '' && mounts?.get(baseUrl)) || ''
}

/** The pattern of the longest mount that this one lies in. */
function parentPattern(mounts: ReadonlyMap<string, string>, baseUrl: string): string {
  let found = ''
  let length = 0
  for (const [path, pattern] of mounts) {
    if (path.length <= length || path.length >= baseUrl.length) continue
    if (!baseUrl.startsWith(`${path}/`)) continue
    found = pattern
    length = path.length
  }
  return found
}
