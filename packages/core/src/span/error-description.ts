import { originOfError } from './error-origin.ts'

/** What a span says of an error. */
export interface ErrorDescription {
  /** `error.type`: the error's class or code, of low cardinality. */
  readonly type: string
  readonly message: string
}

/** Longer messages are cut: one that holds a whole response body must not make the span a burden. */
const MAX_MESSAGE_LENGTH = 4096

/**
 * Describes anything that can be thrown: errors, strings, `null`, proxies whose getters throw. The type is the error's
 * `code` where it is a word (`ECONNREFUSED`, `ERR_…`), else its class. Never throws.
 */
export function describeError(thrown: unknown): ErrorDescription {
  const error = originOfError(thrown)
  try {
    // The type of what is no object is the kind of thing it is: its value could be anything, a function's its source.
    if (typeof error === 'function') return { type: 'function', message: nameOf(error) }
    if (error === null || typeof error !== 'object') {
      const message = cut(String(error), MAX_MESSAGE_LENGTH)
      return { type: error === null ? 'null' : typeof error, message }
    }
  } catch {
    return { type: '_OTHER', message: '' }
  }
  return { type: typeOf(error), message: messageOf(error) }
}

/** A property of anything; `undefined` where it cannot be read. */
export function read(object: unknown, name: string): unknown {
  try {
    return (object as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}

/** Text of a length at most, without half a character at its end. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 2)
  const isHalf = last >= 0xd8_00 && last <= 0xdb_ff
  return `${text.slice(0, isHalf ? length - 2 : length - 1)}…`
}

function typeOf(error: object): string {
  const code = read(error, 'code')
  if (isWord(code)) return code
  const name = read(error, 'name')
  if (isWord(name) && name !== 'Error') return name
  const className = read(read(error, 'constructor'), 'name')
  return isWord(className) ? className : '_OTHER'
}

function nameOf(error: object): string {
  const name = read(error, 'name')
  return typeof name === 'string' ? cut(name, MAX_MESSAGE_LENGTH) : ''
}

/** Node gives several failed attempts no message of their own; then the first one's says most. */
function messageOf(error: object): string {
  const message = read(error, 'message')
  if (typeof message !== 'string') return ''
  if (message !== '') return cut(message, MAX_MESSAGE_LENGTH)
  const errors = read(error, 'errors')
  const first = Array.isArray(errors) ? read(errors[0], 'message') : undefined
  if (typeof first !== 'string') return ''
  const more = (errors as unknown[]).length - 1
  return cut(more > 0 ? `${first} (and ${more} more)` : first, MAX_MESSAGE_LENGTH)
}

// Codes are words of upper case by habit of Node and of databases; anything else could hold a user's data.
const WORD = /^[\w.$:-]{1,64}$/

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
