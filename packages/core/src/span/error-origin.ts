import { shared } from '../shared.ts'

const origins = shared('errorOrigins', () => new WeakMap<object, unknown>())

/**
 * Says that an error stands for another one, which it was made of: frameworks replace what a handler threw by something
 * that says nothing (`Internal server error`). Spans that fail by the first then tell of the second, and record it once.
 * Neither of the two is changed.
 */
export function setErrorOrigin(error: unknown, origin: unknown): void {
  if (typeof error === 'object' && error !== null && error !== origin) origins.set(error, origin)
}

/** The error that this one stands for; itself in all other cases. */
export function originOfError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !origins.has(error)) return error
  return origins.get(error)
}
