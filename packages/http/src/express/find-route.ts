import type { IncomingMessage } from 'node:http'
import { mountOf, type MountLayer } from './mount.ts'
import { joinPaths, pathText, type RoutePath } from './path.ts'

/** Express before 5.3, as far as it is looked at: these are its oldest and most looked at insides. */
interface Router {
  readonly stack?: readonly Layer[]
}

interface Layer extends MountLayer {
  readonly route?: unknown
  readonly handle?: Router
}

interface App {
  readonly parent?: App
  readonly mountpath?: string | readonly string[]
  readonly router?: Router
  readonly _router?: Router
}

interface RoutedRequest extends IncomingMessage {
  readonly app?: App
  readonly route?: { readonly path?: RoutePath }
  readonly originalUrl?: string
}

/**
 * The template of the route that a request was given to, with the patterns of the routers and applications around it:
 * `req.baseUrl` has only the path. `undefined` where there is no route, or none that can be found again.
 */
export function findRoute(request: RoutedRequest): string | undefined {
  const { app, route, originalUrl = '' } = request
  if (!app || route?.path === undefined) return undefined
  const question = originalUrl.indexOf('?')
  const path = question < 0 ? originalUrl : originalUrl.slice(0, question)
  for (let at: App | undefined = app; at; at = at.parent) {
    // Express 4 throws where `router` is read; its own is `_router`.
    const prefix = search(at._router ?? at.router, route, pathBelow(at, path))
    if (prefix !== undefined) return joinPaths(appPattern(at) + prefix, pathText(route.path))
  }
  return undefined
}

/** The pattern in front of a route, found by following the mounts that match the path; `undefined` if it is not there. */
function search(router: Router | undefined, route: unknown, path: string): string | undefined {
  for (const layer of router?.stack ?? []) {
    if (layer.route === route) return ''
    if (!layer.handle?.stack) continue
    const mount = mountOf(layer, path)
    const inner = mount && search(layer.handle, route, path.slice(mount.length) || '/')
    if (inner !== undefined) return mount!.pattern + inner
  }
  return undefined
}

/** An application inside another one knows its pattern. */
function appPattern(app: App): string {
  if (!app.parent) return ''
  const { mountpath = '/' } = app
  const own = typeof mountpath === 'string' ? mountpath : mountpath.join(',')
  return own === '/' ? appPattern(app.parent) : appPattern(app.parent) + own
}

/** The path as the application's own router sees it: without as many segments as its mounts have. */
function pathBelow(app: App, path: string): string {
  const depth = appPattern(app).split('/').length - 1
  return depth === 0
    ? path
    : `/${path
        .split('/')
        .slice(depth + 1)
        .join('/')}`
}
