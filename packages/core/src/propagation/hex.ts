/** The value of each lower-case hexadecimal digit by its char code, -1 for everything else. */
const DIGIT: Int8Array = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) DIGIT[value.toString(16).charCodeAt(0)] = value

/** The value of the hexadecimal digit at `at`, or something below 0 where there is none. */
export function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 128 ? DIGIT[code]! : -1
}

/** Whether `text` has an id there: lower-case hexadecimal digits, not all of them zero. */
export function isId(text: string, from: number, to: number): boolean {
  // Without a branch for each digit: whatever is no digit is negative, and stays so.
  let digits = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    digits |= DIGIT[code & 0x7f]! | -(code >> 7)
  }
  return digits > 0
}
