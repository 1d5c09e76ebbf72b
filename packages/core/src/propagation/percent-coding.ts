import { hexDigit } from './hex.ts'

// W3C baggage, 3.3.1: what may stand in a key (a token) and in a value unencoded, by char code.
const KEY = 1
const VALUE = 2
const PROPERTY = 4
const CLASS: Uint8Array = new Uint8Array(128)
for (let code = 0x21; code < 0x7f; code++) CLASS[code] = KEY | VALUE | PROPERTY
for (const char of '"(),/:;<=>?@[\\]{}') CLASS[char.charCodeAt(0)]! &= ~KEY
for (const char of '",;\\') CLASS[char.charCodeAt(0)]! &= ~VALUE
for (const char of '",\\') CLASS[char.charCodeAt(0)]! &= ~PROPERTY
for (const char of ' \t') CLASS[char.charCodeAt(0)] = PROPERTY
CLASS[0x25]! &= ~(KEY | VALUE) // the percent sign itself

const PERCENT = 0x25

export function encodeKey(key: string): string {
  if (isAll(key, KEY)) return key
  return percentEncode(key).replaceAll('(', '%28').replaceAll(')', '%29') // no token has them
}

export function encodeValue(value: string): string {
  return isAll(value, VALUE) ? value : percentEncode(value)
}

/** Whether properties of a member can be sent as they are; nothing in them may look like another member. */
export function isProperties(text: string): boolean {
  return isAll(text, PROPERTY)
}

/** Decodes percent-encoded UTF-8. A percent sign that encodes nothing stays; bytes that are no UTF-8 become U+FFFD. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return decodeBytes(text)
  }
}

function percentEncode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // An unpaired surrogate: the way through UTF-8 makes it U+FFFD.
    return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
  }
}

function isAll(text: string, allowed: number): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127 || (CLASS[code]! & allowed) === 0) return false
  }
  return true
}

function decodeBytes(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] === PERCENT ? encodedByte(bytes, at + 1) : -1
    if (byte >= 0) at += 2
    bytes[length++] = byte >= 0 ? byte : bytes[at]!
  }
  return bytes.toString('utf8', 0, length)
}

/** The byte that two hexadecimal digits say, or something below 0. */
function encodedByte(bytes: Buffer, at: number): number {
  const digits = bytes.toString('latin1', at, at + 2).toLowerCase()
  return (hexDigit(digits, 0) << 4) | hexDigit(digits, 1)
}
