import type { SpanContext } from '@opentelemetry/api'
import { hexDigit, isId } from './hex.ts'

/** The flag of W3C trace context level 2 that says that the last 7 bytes of the trace id are random. */
export const RANDOM_FLAG = 2
/** The flags that level 2 defines: sampled and random. */
export const KNOWN_FLAGS = 3

const LENGTH = 55
const DASH = 0x2d
const FLAGS: readonly string[] = Array.from(
  { length: 256 },
  (_, flags) => `-${flags.toString(16).padStart(2, '0')}`,
)

/** Writes version 00, with all eight bits of the flags. */
export function formatTraceparent(
  { traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>,
  flags: number,
): string {
  return `00-${traceId}-${spanId}${FLAGS[flags & 0xff]}`
}

/**
 * Reads a `traceparent` by W3C trace context level 2, 3.2.2: ids in lower case and not all zero, `ff` is no version.
 * Version 00 keeps all eight bits of the flags; a later one may carry more fields, and only its known flags are taken.
 */
export function parseTraceparent(header: string): SpanContext | undefined {
  const value = header.length === LENGTH ? header : header.trim()
  if (value.length < LENGTH) return undefined
  const version = byteAt(value, 0)
  if (version < 0 || version === 0xff) return undefined
  if (value.length > LENGTH && (version === 0 || value.charCodeAt(LENGTH) !== DASH))
    return undefined
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(35) !== DASH) return undefined
  if (value.charCodeAt(52) !== DASH || !isId(value, 3, 35) || !isId(value, 36, 52)) return undefined
  const flags = byteAt(value, 53)
  if (flags < 0) return undefined
  return {
    traceId: value.slice(3, 35),
    spanId: value.slice(36, 52),
    traceFlags: version === 0 ? flags : flags & KNOWN_FLAGS,
    isRemote: true,
  }
}

/** The byte that two hexadecimal digits say, or something below 0. */
function byteAt(text: string, at: number): number {
  return (hexDigit(text, at) << 4) | hexDigit(text, at + 1)
}
