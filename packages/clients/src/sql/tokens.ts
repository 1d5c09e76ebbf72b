import { isWord, wordEnd } from './characters.ts'

/**
 * The next token of a statement without values, from `at`: a name with its qualifiers and without its quotes, a keyword,
 * or a single character. `undefined` at the end.
 */
export function readToken(sql: string, at: number): { text: string; end: number } | undefined {
  let start = at
  while (start < sql.length && sql.charCodeAt(start) <= 32) start++
  if (start >= sql.length) return undefined
  let text = ''
  let end = start
  for (;;) {
    const close = partEnd(sql, end)
    if (close === end) break
    text += sql[end] === '"' ? sql.slice(end + 1, close - 1) : sql.slice(end, close)
    end = close
    if (sql[end] !== '.' || partEnd(sql, end + 1) === end + 1) break
    text += '.'
    end++
  }
  return end > start ? { text, end } : { text: sql[start]!, end: start + 1 }
}

/** The end of one part of a name, quoted or not; `at` where none starts. */
function partEnd(sql: string, at: number): number {
  if (sql[at] !== '"') return isWord(sql.charCodeAt(at)) ? wordEnd(sql, at) : at
  const close = sql.indexOf('"', at + 1)
  return close < 0 ? at : close + 1
}
