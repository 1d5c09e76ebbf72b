import { cut, read } from './error-description.ts'

const MAX_STACK_LENGTH = 16_384
/** More errors than this, causes and aggregated ones together, are not told of. */
const MAX_ERRORS = 16

/**
 * The stack of an error with those of its causes and of the errors that it aggregates, as Node prints them: what failed
 * is often told by the last one only. Bounded, also where causes go round in a circle. `undefined` where there is none.
 */
export function stackText(error: unknown): string | undefined {
  const own = stackOf(error)
  if (own === undefined) return undefined
  const seen = new Set<unknown>([error])
  const text = own + further(error, seen)
  return cut(text, MAX_STACK_LENGTH)
}

function further(error: unknown, seen: Set<unknown>): string {
  let text = ''
  const errors = read(error, 'errors')
  if (Array.isArray(errors)) {
    for (let at = 0; at < errors.length && seen.size < MAX_ERRORS; at++) {
      text += oneMore(`[errors ${at}]: `, read(errors, String(at)), seen)
    }
  }
  return text + oneMore('Caused by: ', read(error, 'cause'), seen)
}

function oneMore(label: string, error: unknown, seen: Set<unknown>): string {
  if (typeof error !== 'object' || error === null) return ''
  if (seen.has(error) || seen.size >= MAX_ERRORS) return ''
  seen.add(error)
  const stack = stackOf(error)
  return stack === undefined ? '' : `\n${label}${stack}${further(error, seen)}`
}

function stackOf(error: unknown): string | undefined {
  const stack = read(error, 'stack')
  return typeof stack === 'string' ? cut(stack, MAX_STACK_LENGTH) : undefined
}
