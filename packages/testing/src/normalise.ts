import type { Attributes } from '@opentelemetry/api'

/** What cannot be the same in two runs, wherever it stands in a text. */
const VARIABLE: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '<id>'],
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?/g, '<time>'],
  [/\b[\da-f]{16,}\b/gi, '<id>'],
  [/(?<=[\w\]]):\d{4,5}\b/g, ':<port>'],
]

/** Attributes whose value is another in each run. */
const VARIABLE_KEYS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/(?:^|\.)port$/, '<port>'],
  [/(?:^|[._])id$|\.offset$/, '<id>'],
  [/\.stacktrace$/, '<stack>'],
  [/(?:^|[._])(?:duration|elapsed|wait|time|timestamp)(?:[._](?:ms|us|ns|s))?$/, '<time>'],
]

/** A text without ids, times and ports. */
export function normaliseText(text: string): string {
  return VARIABLE.reduce((so, [pattern, replacement]) => so.replace(pattern, replacement), text)
}

/** Attributes in order of their names, without ids, times and ports. */
export function normaliseAttributes(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, value]) => [key, normaliseValue(key, value)]))
}

function normaliseValue(key: string, value: unknown): Attributes[string] {
  const [, replacement] = VARIABLE_KEYS.find(([pattern]) => pattern.test(key)) ?? []
  if (replacement !== undefined) return replacement
  if (typeof value === 'string') return normaliseText(value)
  if (!Array.isArray(value)) return value
  return value.map((one: unknown) => (typeof one === 'string' ? normaliseText(one) : one))
}
