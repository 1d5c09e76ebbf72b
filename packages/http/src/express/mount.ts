/** A layer that a router is mounted by: of Express 4 (`regexp`, `keys`) or of Express 5 before 5.3 (`matchers`). */
export interface MountLayer {
  readonly slash?: boolean
  readonly regexp?: RegExp & { readonly fast_slash?: boolean }
  readonly keys?: readonly { readonly name: string | number }[]
  readonly matchers?: readonly ((path: string) => Match | false)[]
}

interface Match {
  readonly path: string
  readonly params: Readonly<Record<string, string | readonly string[]>>
}

/** The pattern of a mount, and how much of the path it took. */
export interface Mount {
  readonly pattern: string
  readonly length: number
}

/** These layers do not keep the path that they were made of: it is told from what they make of a real one. */
export function mountOf(layer: MountLayer, path: string): Mount | undefined {
  if (layer.slash || layer.regexp?.fast_slash) return { pattern: '', length: 0 }
  if (layer.regexp) return byExpression(layer.regexp, layer.keys ?? [], path)
  for (const match of layer.matchers ?? []) {
    const found = match(path)
    if (found) return { pattern: withNames(found), length: found.path.length }
  }
  return undefined
}

function byExpression(
  expression: RegExp,
  keys: NonNullable<MountLayer['keys']>,
  path: string,
): Mount | undefined {
  const match = new RegExp(expression.source, `${expression.flags.replace('g', '')}d`).exec(path)
  if (!match) return undefined
  let pattern = ''
  let done = match.index
  for (const [at, { name }] of keys.entries()) {
    const place = match.indices?.[at + 1]
    if (!place || place[0] < done) continue
    pattern += `${path.slice(done, place[0])}:${name}`
    done = place[1]
  }
  return { pattern: trimmed(pattern + path.slice(done, match[0].length)), length: match[0].length }
}

/** The matched path with its parameters' names in the places of their values. */
function withNames({ path, params }: Match): string {
  const segments = path.split('/')
  // From the end, because parameters come after what they are of: in `/users/users` the second one.
  for (const [name, value] of Object.entries(params).toReversed()) {
    const at = segments.findLastIndex((segment) => decoded(segment) === value)
    if (at >= 0) segments[at] = `:${name}`
  }
  return trimmed(segments.join('/'))
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function trimmed(pattern: string): string {
  return pattern.endsWith('/') ? pattern.slice(0, -1) : pattern
}
