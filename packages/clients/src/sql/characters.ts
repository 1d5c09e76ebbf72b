export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Letters, digits, the underscore, and everything beyond ASCII. `NaN`, past the end of a text, is none of them. */
export function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    isDigit(code) ||
    code === 95 ||
    code >= 128
  )
}

/** Where the word ends that `at` is in. A dollar sign may stand inside of one. */
export function wordEnd(text: string, at: number): number {
  let end = at
  while (isWord(text.charCodeAt(end)) || (end > at && text[end] === '$')) end++
  return end
}
