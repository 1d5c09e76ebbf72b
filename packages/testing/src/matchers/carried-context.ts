/** The ids in a `traceparent`. */
export interface CarriedContext {
  readonly traceId: string
  readonly spanId: string
}

type Value = string | Uint8Array | readonly (string | Uint8Array)[] | null | undefined | number

/** What carries a context: headers of any kind, a message's headers, raw header pairs, a job's carrier. */
export type Carrier =
  | Iterable<readonly [string, Value]>
  | readonly string[]
  | Readonly<Record<string, Value>>

/** All values of the field `traceparent`, whatever its case. */
export function traceparentsOf(carrier: Carrier): string[] {
  return entriesOf(carrier).flatMap(([name, value]) =>
    name.toLowerCase() === 'traceparent' ? texts(value) : [],
  )
}

/** The ids of a `traceparent`; nothing where it is none. */
export function parseTraceparent(text: string): CarriedContext | undefined {
  const [, traceId, spanId] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(text) ?? []
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined
}

function entriesOf(carrier: Carrier): (readonly [string, Value])[] {
  if (isRaw(carrier)) {
    return carrier.flatMap((name, at) => (at % 2 === 0 ? [[name, carrier[at + 1]] as const] : []))
  }
  if (Symbol.iterator in carrier) return [...(carrier as Iterable<readonly [string, Value]>)]
  return Object.entries(carrier)
}

function isRaw(carrier: Carrier): carrier is readonly string[] {
  return Array.isArray(carrier) && typeof carrier[0] === 'string'
}

function texts(value: Value): string[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return value.flatMap(texts)
  return [typeof value === 'object' ? Buffer.from(value).toString() : String(value)]
}
