const segmenter = new Intl.Segmenter()

// Control characters could drive the terminal, and direction marks could reorder the line: names come from outside.
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const ASCII = /^[\x20-\x7e]*$/
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u

/** Makes text from outside safe to print on one line. */
export function clean(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(UNSAFE, '\ufffd')
}

/** The terminal columns that a text takes: two for East Asian wide characters and emoji. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += segmentWidth(segment)
  return width
}

/** Cuts a text to a width and ends it with `…` if something is missing. */
export function truncate(text: string, width: number): string {
  // A name can be as long as the body allows; what is beyond the width need not be measured.
  const head = text.length > width * 16 + 64 ? text.slice(0, width * 16 + 64) : text
  if (head === text && widthOf(text) <= width) return text
  if (width < 1) return ''
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(head)) {
    used += segmentWidth(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Cuts or fills a text to exactly a width. */
export function fit(text: string, width: number): string {
  const cut = truncate(text, width)
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)))
}

function segmentWidth(segment: string): number {
  if (WIDE.test(segment)) return 2
  return INVISIBLE.test(segment) ? 0 : 1
}
