import {
  baggageEntryMetadataFromString,
  propagation,
  type Baggage,
  type BaggageEntry,
} from '@opentelemetry/api'
import { warnOnce } from '../guard.ts'
import { decodePercent, encodeKey, encodeValue, isProperties } from './percent-coding.ts'

/** W3C baggage, 4.3: what every platform must be able to carry, and the most that is sent or kept here. */
export const MAX_MEMBERS = 64
export const MAX_BYTES = 8192

/**
 * Reads a `baggage` header. Members that are malformed are left out, the others are kept, 64 at most; of a repeated key
 * the last counts. `undefined` where nothing is left.
 */
export function parseBaggage(header: string): Baggage | undefined {
  const entries: Record<string, BaggageEntry> = Object.create(null) as Record<string, BaggageEntry>
  let count = 0
  for (let start = 0; start < header.length && start <= MAX_BYTES;) {
    const comma = header.indexOf(',', start)
    const end = comma < 0 ? header.length : comma
    if (end > MAX_BYTES || count === MAX_MEMBERS) {
      warnOnce(`Baggage beyond ${MAX_MEMBERS} members or ${MAX_BYTES} bytes was not read`)
      break
    }
    if (addMember(entries, header.slice(start, end))) count++
    start = end + 1
  }
  return count > 0 ? propagation.createBaggage(entries) : undefined
}

/** Writes a `baggage` header of 64 members and 8,192 bytes at most; what does not fit is left out, and said once. */
export function formatBaggage(baggage: Baggage, isAllowed?: (key: string) => boolean): string {
  let header = ''
  let count = 0
  for (const [key, entry] of baggage.getAllEntries()) {
    if (isAllowed && !isAllowed(key)) continue
    const member = formatMember(key, entry)
    if (member === undefined) continue
    if (count === MAX_MEMBERS || header.length + member.length + 1 > MAX_BYTES) {
      warnOnce(`Baggage beyond ${MAX_MEMBERS} members or ${MAX_BYTES} bytes was not sent`)
      if (count === MAX_MEMBERS) break
      continue
    }
    header = count === 0 ? member : `${header},${member}`
    count++
  }
  return header
}

function addMember(entries: Record<string, BaggageEntry>, member: string): boolean {
  const semicolon = member.indexOf(';')
  const pair = semicolon < 0 ? member : member.slice(0, semicolon)
  const equals = pair.indexOf('=')
  const key = equals > 0 ? decodePercent(pair.slice(0, equals).trim()) : ''
  if (key === '') return false
  const value = decodePercent(pair.slice(equals + 1).trim())
  const properties = semicolon < 0 ? '' : member.slice(semicolon + 1).trim()
  entries[key] =
    properties === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(properties) }
  return true
}

// A member that is too long to be sent is not encoded either: nothing costs more than what is kept.
function formatMember(key: string, { value, metadata }: BaggageEntry): string | undefined {
  if (typeof value !== 'string' || key === '') return undefined
  if (key.length + value.length > MAX_BYTES) return key.padEnd(MAX_BYTES + 1)
  const properties = metadata?.toString() ?? ''
  const pair = `${encodeKey(key)}=${encodeValue(value)}`
  return properties !== '' && isProperties(properties) ? `${pair};${properties}` : pair
}
