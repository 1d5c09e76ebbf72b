import type { ServerResponse } from 'node:http'
import type { ServerRequest } from '@throughline/core/http'
import { guard, type Operation } from '@throughline/core/integration'
import { findRoute } from './find-route.ts'
import type { RouterMessage } from './router-message.ts'
import { endStep, warnOfNoSteps, type StepOptions } from './step-spans.ts'

/** What is known of the way of one request through the routers. */
export interface Routing {
  readonly traced: ServerRequest
  route: string | undefined
  /** The pattern of each path that a middleware or a router was found mounted at: `/users/42` is `/users/:id`. */
  mounts: Map<string, string> | undefined
  /** Whether Express told of the way itself. */
  heard: boolean
  readonly steps: StepOptions | undefined
  step: { readonly message: RouterMessage; readonly operation: Operation } | undefined
}

const kRouting: unique symbol = Symbol('throughline.express.routing') as never
type Watched = ServerResponse & { [kRouting]?: Routing }

export function routingOf(response: ServerResponse): Routing | undefined {
  return (response as Watched)[kRouting]
}

export function isWatched(response: ServerResponse): boolean {
  return routingOf(response) !== undefined
}

export function watchRouting(
  traced: ServerRequest,
  response: ServerResponse,
  steps: StepOptions | undefined,
): void {
  ;(response as Watched)[kRouting] = {
    traced,
    route: undefined,
    mounts: undefined,
    heard: false,
    steps,
    step: undefined,
  }
  // In front of the listener that ends the span.
  response.prependListener('close', onClose)
}

/** Names the route, unless it has this name already: each of its handlers tells it. */
export function nameRoute(routing: Routing, route: string): void {
  if (routing.route === route) return
  routing.route = route
  routing.traced.route(route)
}

// Routers that announce nothing leave the route on the request.
function onClose(this: ServerResponse): void {
  const routing = routingOf(this)
  if (!routing) return
  endStep(routing)
  warnOfNoSteps(routing)
  if (routing.route !== undefined) return
  const route = guard('Finding the route', findRoute, routing.traced.request)
  if (route !== undefined) nameRoute(routing, route)
}
