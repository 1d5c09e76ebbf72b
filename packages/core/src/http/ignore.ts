import type { IncomingMessage } from 'node:http'
import { InvalidOptionError } from '../errors.ts'
import { decide } from '../guard.ts'

/** Decides for each request whether it is not to be traced. */
export type IgnoreHook = (request: IncomingMessage) => boolean

/**
 * What not to trace: a function, or globs of paths. A path is compared whole and without its query; `*` stands for any
 * part of one segment, `**` for any number of segments: `/health`, `/assets/**`.
 */
export type Ignore = IgnoreHook | string | readonly string[]

/** Resolves the option `ignore`, once, at set-up. */
export function resolveIgnore(owner: string, ignore: Ignore | undefined): IgnoreHook | undefined {
  if (ignore === undefined) return undefined
  if (typeof ignore === 'function') {
    return (request) => decide('The hook "ignore"', ignore, request)
  }
  const globs: unknown[] = typeof ignore === 'string' ? [ignore] : (ignore as unknown[])
  if (!Array.isArray(globs) || !globs.every((glob) => typeof glob === 'string')) {
    throw new InvalidOptionError(owner, 'ignore', 'a function, a glob or a list of globs', ignore)
  }
  return globs.length > 0 ? byPath(globs) : undefined
}

function byPath(globs: readonly string[]): IgnoreHook {
  const paths = new Set(globs.filter((glob) => !glob.includes('*')))
  const patterns = globs.filter((glob) => glob.includes('*')).map(toPattern)
  return ({ url = '/' }) => {
    const question = url.indexOf('?')
    const path = question < 0 ? url : url.slice(0, question)
    return paths.has(path) || patterns.some((pattern) => pattern.test(path))
  }
}

/** `/**` at the end also stands for nothing: `/assets/**` is `/assets` and all below it. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\/\*\*$|\/\*\*(?=\/)|\*+/g, (stars) => {
      if (stars.startsWith('/')) return '(?:/[^/]*)*'
      return stars === '*' ? '[^/]*' : '.*'
    })
  return new RegExp(`^${source}$`)
}
