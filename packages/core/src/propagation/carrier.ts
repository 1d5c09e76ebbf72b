import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api'

/** A header value as the transports hand it over: text, bytes, or a list of either. */
export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined

/** A carrier whose values may be text or bytes, repeated or missing: HTTP headers, Kafka headers, job metadata. */
export type HeaderCarrier = Readonly<Record<string, unknown>>

/** No propagation field is longer than this; what is longer is not read, so no carrier can cost unbounded work. */
const MAX_FIELD_LENGTH = 8192

/**
 * Reads any header carrier and never throws: bytes are read as UTF-8, a repeated `traceparent` counts as absent, other
 * repeated fields are joined with a comma (W3C trace context, 3.3.1), what is neither text nor bytes is absent.
 */
export const headerGetter: TextMapGetter<HeaderCarrier> = {
  keys: (carrier) => Object.keys(carrier ?? {}),
  get(carrier, key) {
    if (carrier === null || typeof carrier !== 'object' || !Object.hasOwn(carrier, key))
      return undefined
    const value = carrier[key]
    if (typeof value === 'string') return capped(value)
    if (!Array.isArray(value)) return text(value)
    if (value.length === 1) return text(value[0])
    if (key === 'traceparent' || value.length === 0 || value.length > 32) return undefined
    return capped(
      value
        .map(text)
        .filter((part) => part !== undefined)
        .join(','),
    )
  },
}

/** Writes fields as own properties of a plain object. */
export const objectSetter: TextMapSetter<object> = {
  set(carrier, key, value) {
    ;(carrier as Record<string, unknown>)[key] = value
  },
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return capped(value)
  if (!(value instanceof Uint8Array) || value.length > MAX_FIELD_LENGTH) return undefined
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
}

function capped(value: string): string | undefined {
  return value.length <= MAX_FIELD_LENGTH ? value : undefined
}
