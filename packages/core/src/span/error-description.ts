import { originOfError } from './error-origin.ts'

/** What a span says of an error. */
export interface ErrorDescription {
  /** `error.type`: the error's class or code, of low cardinality. */
  readonly type: string
  readonly message: string
}

/**
 * Describes anything that can be thrown: errors, strings, `null`, proxies whose getters throw. The type is the error's
 * `code` where it is a word (`ECONNREFUSED`, `ERR_…`), else its class. Never throws.
 */
export function describeError(thrown: unknown): ErrorDescription {
  const error = originOfError(thrown)
  try {
    // The type of what is no object is the kind of thing it is: its value could be anything, a function's its source.
    if (typeof error === 'function') return { type: 'function', message: error.name }
    if (error === null || typeof error !== 'object') {
      return { type: error === null ? 'null' : typeof error, message: String(error) }
    }
    const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown }
    return {
      type: isWord(code) ? code : isWord(name) && name !== 'Error' ? name : className(error),
      message: typeof message === 'string' ? message : '',
    }
  } catch {
    return { type: '_OTHER', message: '' }
  }
}

// Codes are words of upper case by habit of Node and of databases; anything else could hold a user's data.
const WORD = /^[\w.$:-]{1,64}$/

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}

function className(error: object): string {
  const name = (error.constructor as { name?: unknown } | undefined)?.name
  return isWord(name) ? name : '_OTHER'
}
