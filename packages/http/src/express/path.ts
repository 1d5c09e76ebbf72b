/** A path as it may be given to Express. */
export type RoutePath = string | RegExp | readonly RoutePath[]

/** A path as text; alternatives are listed. */
export function pathText(path: RoutePath): string {
  if (typeof path === 'string') return path
  return path instanceof RegExp ? String(path) : path.map(pathText).join(',')
}

/** `/users/:id` and `/` are `/users/:id`. */
export function joinPaths(prefix: string, path: string): string {
  const head = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  if (path === '/' || path === '') return head || '/'
  return head + (path.startsWith('/') ? path : `/${path}`)
}
