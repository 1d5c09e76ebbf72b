/** `expect.any`, `expect.stringMatching` and their like, of vitest, jest and others. */
interface Asymmetric {
  asymmetricMatch(actual: unknown): boolean
  toString(): string
}

/**
 * In what a value lacks of what is expected; nothing where it has all of it. Of objects only what is named counts, a
 * regular expression stands for every text that it matches, and asymmetric matchers of a test framework for what they do.
 */
export function differences(actual: unknown, expected: unknown, path: string = ''): string[] {
  if (isAsymmetric(expected)) {
    return expected.asymmetricMatch(actual) ? [] : [describe(path, actual, expected)]
  }
  if (expected instanceof RegExp) {
    const matches = typeof actual === 'string' && expected.test(actual)
    return matches ? [] : [describe(path, actual, expected)]
  }
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(actual, expected) ? [] : [describe(path, actual, expected)]
  }
  if (typeof actual !== 'object' || actual === null) return [describe(path, actual, expected)]
  if (Array.isArray(expected) && expected.length !== (actual as unknown[]).length) {
    return [describe(path, actual, expected)]
  }
  return Object.entries(expected).flatMap(([key, value]) =>
    differences((actual as Record<string, unknown>)[key], value, path ? `${path}["${key}"]` : key),
  )
}

function describe(path: string, actual: unknown, expected: unknown): string {
  return `${path} is ${toText(actual)}, expected ${toText(expected)}`
}

/** A value as a message shows it. */
export function toText(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (value instanceof RegExp) return value.toString()
  if (isAsymmetric(value)) return value.toString()
  const replace = (_: string, inner: unknown) =>
    inner instanceof RegExp || isAsymmetric(inner) ? inner.toString() : inner
  return JSON.stringify(value, replace) ?? typeof value
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Asymmetric>).asymmetricMatch === 'function'
  )
}
