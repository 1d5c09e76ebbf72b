/** The body of a request is not OTLP; the message says which field and never quotes the data. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError'
}

/** An object field; absent means empty, as everywhere in protobuf. */
export function record(value: unknown, field: string): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new MalformedRequestError(`${field} is not an object`)
}

/** A repeated field. */
export function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw new MalformedRequestError(`${field} is not an array`)
}

/** A string field. */
export function text(value: unknown, field: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new MalformedRequestError(`${field} is not a string`)
}

/** A trace or span id as lower-case hex; undefined if absent or all zeros, which mean the same. */
export function optionalId(value: unknown, bytes: 8 | 16, field: string): string | undefined {
  const id = text(value, field).toLowerCase()
  if (/^0*$/.test(id)) return undefined
  if (id.length === bytes * 2 && /^[0-9a-f]+$/.test(id)) return id
  throw new MalformedRequestError(`${field} is not ${bytes} bytes of hex`)
}

/** A trace or span id that must be there. */
export function requiredId(value: unknown, bytes: 8 | 16, field: string): string {
  const id = optionalId(value, bytes, field)
  if (id === undefined) throw new MalformedRequestError(`${field} is missing or all zeros`)
  return id
}

/** Nanoseconds since the epoch; an integer beyond the safe ones comes as a string. */
export function nanoseconds(value: unknown, field: string): bigint {
  if (value === undefined || value === null || value === '') return 0n
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value)
  if (typeof value === 'number' && value >= 0 && value < 2 ** 64) return BigInt(Math.trunc(value))
  throw new MalformedRequestError(`${field} is not a time in nanoseconds`)
}

/** Milliseconds with the fraction kept: dividing as a bigint first loses nothing of the whole part. */
export function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6
}
