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
  return hexOf(high) + hexOf(low)
}

function hexOf(word: number): string {
  return String.fromCharCode(
    DIGIT[word >>> 28]!,
    DIGIT[(word >>> 24) & 15]!,
    DIGIT[(word >>> 20) & 15]!,
    DIGIT[(word >>> 16) & 15]!,
    DIGIT[(word >>> 12) & 15]!,
    DIGIT[(word >>> 8) & 15]!,
    DIGIT[(word >>> 4) & 15]!,
    DIGIT[word & 15]!,
  )
}
