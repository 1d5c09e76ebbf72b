import { knownMethod } from './method.ts'

/**
 * `{method} {route}`, or the method alone while no route is known. An unknown method is `HTTP`, since a caller could make
 * up any number of them; a path is never a name. HTTP semantic conventions 1.44, "Name".
 */
export function httpServerSpanName(method: string | undefined, route: string | undefined): string {
  const known = knownMethod(method)
  const name = known === '_OTHER' ? 'HTTP' : known
  return route ? `${name} ${route}` : name
}

/** `{method}`, or `{method} {template}` where the caller knows the URL's template. */
export function httpClientSpanName(method: string | undefined, template?: string): string {
  return httpServerSpanName(method, template)
}
