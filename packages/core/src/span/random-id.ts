const DIGIT = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** A trace id, random in all its bytes (W3C trace context level 2, section 2.2.6). */
export function randomTraceId(): string {
  return randomHex() + randomHex()
}

/** A span id, random as the SDK's are. */
export function randomSpanId(): string {
  return randomHex()
}

/**
 * 16 hexadecimal digits, not all of them zero. The text is made of its characters, since every span would pay for the way
 * by a buffer, and all at once, since a text that is put together of parts is copied into one when somebody reads it.
 */
function randomHex(): string {
  const high = Math.trunc(Math.random() * 2 ** 32)
  const low = Math.trunc(Math.random() * 2 ** 32)
  if (high === 0 && low === 0) return randomHex()
  return String.fromCharCode(
    DIGIT[high >>> 28]!,
    DIGIT[(high >>> 24) & 15]!,
    DIGIT[(high >>> 20) & 15]!,
    DIGIT[(high >>> 16) & 15]!,
    DIGIT[(high >>> 12) & 15]!,
    DIGIT[(high >>> 8) & 15]!,
    DIGIT[(high >>> 4) & 15]!,
    DIGIT[high & 15]!,
    DIGIT[low >>> 28]!,
    DIGIT[(low >>> 24) & 15]!,
    DIGIT[(low >>> 20) & 15]!,
    DIGIT[(low >>> 16) & 15]!,
    DIGIT[(low >>> 12) & 15]!,
    DIGIT[(low >>> 8) & 15]!,
    DIGIT[(low >>> 4) & 15]!,
    DIGIT[low & 15]!,
  )
}
