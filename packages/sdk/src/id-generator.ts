import type { IdGenerator } from '@opentelemetry/sdk-trace'

const DIGIT = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/**
 * Random ids, as the SDK makes them, and so that all bytes of a trace id are random (W3C trace context level 2, 2.2.6). The
 * text is made of its characters at once, since every span pays for the way by a buffer.
 */
export const idGenerator: IdGenerator = {
  generateTraceId: () => randomHex() + randomHex(),
  generateSpanId: () => randomHex(),
}

/** 16 hexadecimal digits, not all of them zero. */
function randomHex(): string {
  const high = Math.trunc(Math.random() * 2 ** 32)
  const low = Math.trunc(Math.random() * 2 ** 32)
  if (high === 0 && low === 0) return randomHex()
  // All at once: a text that is put together of parts is copied into one when somebody reads it.
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
