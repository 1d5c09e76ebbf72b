/**
 * `{method} {route}`, or the method alone while no route is known. An unknown method is `HTTP`; a path is never a name.
 * HTTP semantic conventions 1.44, "Name".
 */
export function httpServerSpanName(method: string, route: string | undefined): string {
  const name = method === '_OTHER' ? 'HTTP' : method
  return route ? `${name} ${route}` : name
}

/** `{method}`, or `{method} {template}` where the caller knows the URL's template. */
export function httpClientSpanName(method: string, template?: string): string {
  return httpServerSpanName(method, template)
}
