import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api'

/** A header value as the transports hand it over: text, bytes, or a list of either. */
export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined

/** A carrier whose values may be text or bytes, repeated or missing: HTTP headers, Kafka headers, job metadata. */
export type HeaderCarrier = Readonly<Record<string, unknown>>

/**
 * Everything that a context is read from: an object of headers (names in lower case, as Node gives them), `Headers`, a
 * `Map`, Node's raw header list (`[name, value, name, value]`, or pairs; names in any case), or a JSON text of an object.
 */
export type Carrier =
  | HeaderCarrier
  | Headers
  | ReadonlyMap<string, unknown>
  | readonly unknown[]
  | string

/** No propagation field is longer than this; what is longer is not read, so no carrier can cost unbounded work. */
export const MAX_FIELD_LENGTH = 8192
/** A JSON text that is longer is not parsed. */
const MAX_JSON_LENGTH = 65_536
/** So many names and values of a list are looked at: more than Node's `maxHeadersCount` lets in. */
const MAX_ENTRIES = 4096
/** A field that is repeated more often is absent. */
const MAX_REPEATS = 32

/**
 * Reads any carrier and never throws for what is in it: bytes are read as UTF-8, a repeated `traceparent` counts as
 * absent, other repeated fields are joined with a comma (RFC 9110, 5.3), what is neither text nor bytes is absent.
 */
export const headerGetter: TextMapGetter<Exclude<Carrier, string>> = {
  keys: (carrier) => names(carrier),
  get(carrier, key) {
    if (carrier === null || typeof carrier !== 'object') return undefined
    if (Object.hasOwn(carrier, key)) return field(key, (carrier as HeaderCarrier)[key])
    if (Array.isArray(carrier)) return field(key, valuesOf(carrier, key))
    const { get } = carrier as { get?: unknown }
    if (typeof get !== 'function') return undefined
    return field(key, (get as (this: unknown, key: string) => unknown).call(carrier, key))
  },
}

/** The object of a JSON text; any other carrier as it is. Never throws. */
export function openCarrier(carrier: Carrier): Exclude<Carrier, string> {
  if (typeof carrier !== 'string') return carrier
  if (carrier.length > MAX_JSON_LENGTH) return {}
  try {
    const parsed: unknown = JSON.parse(carrier)
    return typeof parsed === 'object' && parsed !== null ? (parsed as HeaderCarrier) : {}
  } catch {
    return {}
  }
}

/** Writes fields as own properties of a plain object. */
export const objectSetter: TextMapSetter<object> = {
  set(carrier, key, value) {
    ;(carrier as Record<string, unknown>)[key] = value
  },
}

/** Writes fields into `Headers`, a `Map` or whatever else has a method `set`. */
const methodSetter: TextMapSetter<object> = {
  set(carrier, key, value) {
    ;(carrier as Map<string, string>).set(key, value)
  },
}

/** Writes fields into a list of headers, in place of what has that name already. */
const listSetter: TextMapSetter<object> = {
  set(carrier, key, value) {
    const list = carrier as unknown[]
    const pairs = Array.isArray(list[0])
    const step = pairs ? 1 : 2
    for (let at = list.length - step; at >= 0; at -= step) {
      if (nameAt(list, at, pairs) === key) list.splice(at, step)
    }
    if (pairs) list.push([key, value])
    else list.push(key, value)
  },
}

/** How a carrier of this shape is written. */
export function setterFor(carrier: object): TextMapSetter<object> {
  if (Array.isArray(carrier)) return listSetter
  return typeof (carrier as { set?: unknown }).set === 'function' ? methodSetter : objectSetter
}

function field(key: string, value: unknown): string | undefined {
  if (typeof value === 'string') return capped(value)
  if (!Array.isArray(value)) return text(value)
  if (value.length === 1) return text(value[0])
  if (key === 'traceparent' || value.length === 0 || value.length > MAX_REPEATS) return undefined
  return capped(
    value
      .map(text)
      .filter((part) => part !== undefined)
      .join(','),
  )
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return capped(value)
  if (!(value instanceof Uint8Array) || value.length > MAX_FIELD_LENGTH) return undefined
  // Clients hand over buffers, and a view of a view would cost more than the reading.
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.length)
  return bytes.toString()
}

function capped(value: string): string | undefined {
  return value.length <= MAX_FIELD_LENGTH ? value : undefined
}

function valuesOf(list: readonly unknown[], key: string): unknown[] {
  const values: unknown[] = []
  forEachEntry(list, (name, value) => {
    if (name === key) values.push(value)
  })
  return values
}

function names(carrier: unknown): string[] {
  if (carrier === null || typeof carrier !== 'object') return []
  const found: string[] = []
  if (Array.isArray(carrier)) forEachEntry(carrier, (name) => found.push(name))
  else if (carrier instanceof Map || typeof (carrier as Headers).get === 'function') {
    for (const name of (carrier as ReadonlyMap<unknown, unknown>).keys()) {
      if (typeof name === 'string' && found.push(name) >= MAX_ENTRIES) break
    }
  } else return Object.keys(carrier)
  return found
}

function forEachEntry(
  list: readonly unknown[],
  visit: (name: string, value: unknown) => unknown,
): void {
  const pairs = Array.isArray(list[0])
  const step = pairs ? 1 : 2
  const end = Math.min(list.length, MAX_ENTRIES)
  for (let at = 0; at < end; at += step) {
    const name = nameAt(list, at, pairs)
    if (name !== undefined) visit(name, pairs ? (list[at] as unknown[])[1] : list[at + 1])
  }
}

function nameAt(list: readonly unknown[], at: number, pairs: boolean): string | undefined {
  const entry = list[at]
  const name = text(pairs && Array.isArray(entry) ? entry[0] : entry)
  return name?.toLowerCase()
}
