const kBrand = Symbol.for('@throughline/error')

/**
 * Everything that Throughline throws, always while something is being set up and never on the path of a request or a
 * message. `instanceof` holds across copies of this package (ESM beside CommonJS).
 */
export class TracingError extends Error {
  /** Stable and searchable: `ERR_<SCOPE>_<WHAT>`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TracingError'
    this.code = code
    brand(this, 'TracingError')
  }
}

/** An option that cannot work. The message names the option, what was expected and what was given. */
export class InvalidOptionError extends TracingError {
  constructor(owner: string, option: string, expected: string, given: unknown) {
    super(
      'ERR_OPTION_INVALID',
      `${owner}: option "${option}" must be ${expected}, got ${describe(given)}`,
    )
    this.name = 'InvalidOptionError'
    brand(this, 'InvalidOptionError')
  }
}

recognise(TracingError, ['TracingError', 'InvalidOptionError'])
recognise(InvalidOptionError, ['InvalidOptionError'])

function brand(error: TracingError, name: string): void {
  Object.defineProperty(error, kBrand, { value: name, configurable: true })
}

function recognise(type: object, brands: readonly unknown[]): void {
  Object.defineProperty(type, Symbol.hasInstance, {
    value: (error: { [kBrand]?: unknown } | null | undefined) => brands.includes(error?.[kBrand]),
  })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'an array' : typeof value
}
