/**
 * The decimal text of 16 hexadecimal digits, which is more than a double can hold: divided by hand, in parts that it can,
 * since a `BigInt` for each line of a log would cost ten times as much.
 */
export function hexToDecimal(hex: string, start: number): string {
  let high = 0
  let low = 0
  for (let at = start; at < start + 16; at += 4) {
    const part = low * 0x1_00_00 + Number.parseInt(hex.slice(at, at + 4), 16)
    const quotient = Math.floor(part / NINE_DIGITS)
    low = part - quotient * NINE_DIGITS
    high = high * 0x1_00_00 + quotient
  }
  return high === 0 ? String(low) : `${high}${String(low).padStart(9, '0')}`
}

const NINE_DIGITS = 1_000_000_000
