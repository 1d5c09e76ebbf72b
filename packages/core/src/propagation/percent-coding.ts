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
const HEX = '0123456789ABCDEF'

export function encodeKey(key: string): string {
  return encode(key, KEY)
}

export function encodeValue(value: string): string {
  return encode(value, VALUE)
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

function encode(text: string, allowed: number): string {
  if (isAll(text, allowed)) return text
  let encoded = ''
  // UTF-8 by a Buffer, because an unpaired surrogate makes `encodeURIComponent` throw.
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded +=
      byte < 128 && (CLASS[byte]! & allowed) !== 0
        ? String.fromCharCode(byte)
        : `%${HEX[byte >> 4]}${HEX[byte & 15]}`
  }
  return encoded
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
    const byte = bytes[at] === PERCENT ? Number.parseInt(hexPair(bytes, at), 16) : Number.NaN
    if (!Number.isNaN(byte)) at += 2
    bytes[length++] = Number.isNaN(byte) ? bytes[at]! : byte
  }
  return bytes.toString('utf8', 0, length)
}

/** The two hexadecimal digits after a percent sign, or nothing that is a number. */
function hexPair(bytes: Buffer, percent: number): string {
  const pair = bytes.toString('latin1', percent + 1, percent + 3).toUpperCase()
  return pair.length === 2 && HEX.includes(pair[0]!) && HEX.includes(pair[1]!) ? pair : 'none'
}
