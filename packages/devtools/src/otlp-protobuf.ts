import { PbfReader } from 'pbf'
import { MalformedRequestError } from './otlp-field.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2

/** As deep as Google's parsers go by default. */
const MAX_DEPTH = 100

interface Field {
  readonly name: string
  readonly wire: number
  readonly repeated?: boolean
  readonly read: (reader: PbfReader, end: number, depth: number) => unknown
}

/** The fields of a message by number; fields that are not here are skipped. */
type Message = Readonly<Record<number, Field>>

/**
 * Parses an OTLP/protobuf trace request into the shape of OTLP/JSON (opentelemetry-proto 1.x, `trace.proto`
 * and `common.proto`), with bytes kept as bytes, and ids as hex.
 */
export function parseProtobuf(body: Uint8Array): unknown {
  try {
    return readMessage(new PbfReader(body), request, body.length, 0)
  } catch (error) {
    if (error instanceof MalformedRequestError) throw error
    throw new MalformedRequestError('the body is not protobuf', { cause: error })
  }
}

function readMessage(reader: PbfReader, fields: Message, end: number, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new MalformedRequestError('the body is nested too deep')
  const result: Record<string, unknown> = {}
  let number: number
  while ((number = reader.nextField(end)) !== 0) {
    const field = fields[number]
    // The reader skips what was not read, also a field of ours with a foreign wire type.
    if (field === undefined || field.wire !== reader.type) continue
    const value = field.read(reader, end, depth)
    if (field.repeated) ((result[field.name] ??= []) as unknown[]).push(value)
    else result[field.name] = value
  }
  // The reader does not check bounds: a truncated field leaves it behind the end, field 0 before it.
  if (reader.pos !== end) throw new MalformedRequestError('the body is truncated or not protobuf')
  return result
}

function text(name: string): Field {
  return { name, wire: BYTES, read: (reader) => reader.readString() }
}

function hex(name: string): Field {
  return { name, wire: BYTES, read: (reader) => Buffer.from(reader.readBytes()).toString('hex') }
}

function enumeration(name: string): Field {
  return { name, wire: VARINT, read: (reader) => reader.readVarint() }
}

function fixed64(name: string): Field {
  return { name, wire: FIXED64, read: readFixed64 }
}

function message(name: string, fields: () => Message): Field {
  const read: Field['read'] = (reader, end, depth) => {
    const length = reader.readVarint()
    if (reader.pos + length > end) throw new MalformedRequestError('the body is truncated')
    return readMessage(reader, fields(), reader.pos + length, depth + 1)
  }
  return { name, wire: BYTES, read }
}

function repeated(name: string, fields: () => Message): Field {
  return { ...message(name, fields), repeated: true }
}

function readFixed64(reader: PbfReader): bigint {
  const low = BigInt(reader.readFixed32())
  return (BigInt(reader.readFixed32()) << 32n) | low
}

/** The reader rounds integers beyond the safe ones; those are read again from their bytes. */
function readInt64(reader: PbfReader): number | string {
  const start = reader.pos
  const rounded = reader.readVarint(true)
  if (Number.isSafeInteger(rounded)) return rounded
  const bytes = reader.buf.subarray(start, reader.pos)
  const exact = bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 0x7f), 0n)
  return BigInt.asIntN(64, exact).toString()
}

const anyValue: Message = {
  1: text('stringValue'),
  2: { name: 'boolValue', wire: VARINT, read: (reader) => reader.readBoolean() },
  3: { name: 'intValue', wire: VARINT, read: readInt64 },
  4: { name: 'doubleValue', wire: FIXED64, read: (reader) => reader.readDouble() },
  5: message('arrayValue', () => ({ 1: repeated('values', () => anyValue) })),
  6: message('kvlistValue', () => ({ 1: repeated('values', () => keyValue) })),
  // Copied, because a view would keep the whole body in memory.
  7: { name: 'bytesValue', wire: BYTES, read: (reader) => new Uint8Array(reader.readBytes()) },
}
const keyValue: Message = { 1: text('key'), 2: message('value', () => anyValue) }
const resource: Message = { 1: repeated('attributes', () => keyValue) }
const scope: Message = { 1: text('name'), 2: text('version') }
const status: Message = { 2: text('message'), 3: enumeration('code') }
const event: Message = {
  1: fixed64('timeUnixNano'),
  2: text('name'),
  3: repeated('attributes', () => keyValue),
}
const link: Message = {
  1: hex('traceId'),
  2: hex('spanId'),
  4: repeated('attributes', () => keyValue),
}
const span: Message = {
  1: hex('traceId'),
  2: hex('spanId'),
  3: text('traceState'),
  4: hex('parentSpanId'),
  5: text('name'),
  6: enumeration('kind'),
  7: fixed64('startTimeUnixNano'),
  8: fixed64('endTimeUnixNano'),
  9: repeated('attributes', () => keyValue),
  11: repeated('events', () => event),
  13: repeated('links', () => link),
  15: message('status', () => status),
}
const scopeSpans: Message = { 1: message('scope', () => scope), 2: repeated('spans', () => span) }
const resourceSpans: Message = {
  1: message('resource', () => resource),
  2: repeated('scopeSpans', () => scopeSpans),
}
const request: Message = { 1: repeated('resourceSpans', () => resourceSpans) }
