import type { Attributes } from '@opentelemetry/api'
import { InvalidOptionError } from '../errors.ts'

/** The headers to record, by name. None are recorded by default: headers hold credentials and personal data. */
export interface CapturedHeaders {
  readonly request?: readonly string[]
  readonly response?: readonly string[]
}

type Headers = Readonly<Record<string, string | string[] | number | undefined>>

/** Whoever knows the headers of an answer. */
export interface HeaderSource {
  getHeaders(): Headers
}

/** A header's name with the attribute it becomes, prepared once. */
export type HeaderKeys = readonly (readonly [header: string, attribute: string])[]

export function headerKeys(
  owner: string,
  side: 'request' | 'response',
  names: readonly string[] | undefined,
): HeaderKeys {
  if (names === undefined) return []
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new InvalidOptionError(owner, `captureHeaders.${side}`, 'a list of header names', names)
  }
  return names.map((name) => {
    const header = name.toLowerCase()
    return [header, `http.${side}.header.${header}`] as const
  })
}

/** Adds the listed headers that are there to `attributes`, each as a list of strings. */
export function addHeaders(attributes: Attributes, keys: HeaderKeys, headers: Headers): void {
  for (const [header, attribute] of keys) {
    const value = headers[header]
    if (value !== undefined) attributes[attribute] = Array.isArray(value) ? value : [String(value)]
  }
}
