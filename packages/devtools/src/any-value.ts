import type { AttributeMap, AttributeValue } from './stored-span.ts'
import { list, MalformedRequestError, record, text } from './otlp-field.ts'

/** Far more than a real attribute needs, far less than the stack holds. */
const MAX_DEPTH = 32

/** Reads OTLP's list of key-value pairs. A key that comes twice keeps its last value. */
export function readAttributes(value: unknown, depth = 0): AttributeMap {
  // fromEntries defines properties, so that a key such as "__proto__" is a key like any other.
  return Object.fromEntries(
    list(value, 'attributes').map((entry) => {
      const pair = record(entry, 'attributes')
      return [text(pair['key'], 'key'), readAnyValue(pair['value'], depth)]
    }),
  )
}

/** Reads an `AnyValue`; an `intValue` beyond the safe integers stays exact as a string. */
export function readAnyValue(value: unknown, depth = 0): AttributeValue {
  if (depth > MAX_DEPTH) throw new MalformedRequestError(`a value is nested over ${MAX_DEPTH} deep`)
  for (const [key, content] of Object.entries(record(value, 'value'))) {
    const read = readers[key]
    if (read !== undefined && content !== null) return read(content, depth + 1)
  }
  return null
}

type Reader = (content: unknown, depth: number) => AttributeValue

const readers: Record<string, Reader | undefined> = {
  stringValue: String,
  boolValue: Boolean,
  intValue: readInteger,
  // JSON has no NaN and no Infinity: OTLP/JSON writes them as strings, which Number() reads back.
  doubleValue: Number,
  bytesValue: (content) =>
    content instanceof Uint8Array
      ? content
      : new Uint8Array(Buffer.from(String(content), 'base64')),
  arrayValue: (content, depth) =>
    list(record(content, 'arrayValue')['values'], 'values').map((item) =>
      readAnyValue(item, depth),
    ),
  kvlistValue: (content, depth) => readAttributes(record(content, 'kvlistValue')['values'], depth),
}

function readInteger(content: unknown): AttributeValue {
  const number = Number(content)
  if (Number.isSafeInteger(number)) return number
  if (typeof content === 'string' && /^-?\d{1,20}$/.test(content)) return content
  throw new MalformedRequestError('intValue is not an integer')
}
