import { PbfWriter } from 'pbf'

/** The two encodings of OTLP/HTTP. */
export type OtlpFormat = 'protobuf' | 'json'

/** The media type of each encoding. */
export const MEDIA_TYPES: Readonly<Record<OtlpFormat, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** The codes of google.rpc.Status for our HTTP statuses. */
const STATUS_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  500: 13, // INTERNAL
}

/** Names the encoding of a `Content-Type` header; undefined if it is neither. */
export function formatOf(contentType: string | undefined): OtlpFormat | undefined {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase()
  if (mediaType === MEDIA_TYPES.protobuf) return 'protobuf'
  if (mediaType === MEDIA_TYPES.json) return 'json'
  return undefined
}

/** An empty Export…ServiceResponse, which says that everything was accepted. */
export function encodeSuccess(format: OtlpFormat): Uint8Array {
  return Buffer.from(format === 'json' ? '{}' : '')
}

/** A google.rpc.Status, the body that OTLP/HTTP asks for with an error. */
export function encodeStatus(format: OtlpFormat, httpStatus: number, message: string): Uint8Array {
  const code = STATUS_CODES[httpStatus] ?? 2
  if (format === 'json') return Buffer.from(JSON.stringify({ code, message }))
  const writer = new PbfWriter()
  writer.writeVarintField(1, code)
  writer.writeStringField(2, message)
  return writer.finish()
}
