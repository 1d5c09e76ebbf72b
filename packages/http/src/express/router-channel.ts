import { subscribe } from 'node:diagnostics_channel'
import { guard } from '@throughline/core/integration'
import { joinPaths, pathText } from './path.ts'
import type { RouterMessage } from './router-message.ts'
import { nameRoute, routingOf, type Routing } from './routing.ts'
import { endStep, failStep, startStep } from './step-spans.ts'

const CHANNEL = 'tracing:express.router.request'
let listening = false
let listeningToSteps = false

/** Listens to Express's own channel, once for the process. A request that nobody traces costs it one look. */
export function listenToRouter(): void {
  if (listening) return
  listening = true
  subscribe(`${CHANNEL}:start`, (message) => {
    guard('Reading the route', onStart, message as RouterMessage)
  })
  subscribe(`${CHANNEL}:error`, (message) => {
    guard('Reading an error', onError, message as RouterMessage)
  })
}

/** Listens to the ends of steps too, once for the process. */
export function listenToSteps(): void {
  if (listeningToSteps) return
  listeningToSteps = true
  subscribe(`${CHANNEL}:end`, (message) => {
    guard('Ending a step', onEnd, message as RouterMessage)
  })
  subscribe(`${CHANNEL}:asyncEnd`, (message) => {
    guard('Ending a step', onAsyncEnd, message as RouterMessage)
  })
}

function onStart(message: RouterMessage): void {
  const routing = routingOf(message.res)
  if (!routing) return
  routing.heard = true
  readRoute(routing, message)
  if (routing.steps) startStep(routing, routing.steps, message)
}

function onError(message: RouterMessage): void {
  const routing = routingOf(message.res)
  if (!routing) return
  routing.traced.fail(message.error)
  failStep(routing, message)
}

/** A step that returned and has answered is over; one that has not may still call `next`. */
function onEnd(message: RouterMessage): void {
  const routing = routingOf(message.res)
  if (routing && message.res.writableEnded) endStep(routing, message)
}

function onAsyncEnd(message: RouterMessage): void {
  const routing = routingOf(message.res)
  if (routing) endStep(routing, message)
}

function readRoute(routing: Routing, { req, layer, route }: RouterMessage): void {
  if (route === undefined) return
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
