import { isDigit, isWord, wordEnd } from './characters.ts'

/** So much of a statement is read, and so much of it can stand on a span. */
const MAX_LENGTH = 2048

/**
 * A PostgreSQL statement without its values: each string and each number is `?`, comments are gone, placeholders and
 * names stay. Passes over the first 2,048 characters once. Where it cannot be told how far a string goes, the rest is
 * left out.
 */
export function sanitizeSql(text: string): string {
  const sql = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text
  let clean = ''
  let kept = 0
  let at = 0
  while (at < sql.length) {
    const name = nameEnd(sql, at)
    if (name > at) {
      at = name
      continue
    }
    const comment = commentEnd(sql, at)
    const end = comment > at ? comment : valueEnd(sql, at)
    if (end > at) {
      clean += `${sql.slice(kept, at)}${comment > at ? ' ' : '?'}`
      kept = end
    }
    at = Math.max(end, at + 1)
  }
  return (clean + sql.slice(kept)).trim()
}

/** The end of a name, a keyword, a quoted name or a placeholder that starts here; else `at`. */
function nameEnd(sql: string, at: number): number {
  const char = sql[at]
  if (char === '"') return afterOrEnd(sql, '"', at + 1)
  if (char === '$' && isDigit(sql.charCodeAt(at + 1))) return wordEnd(sql, at + 1)
  return isWord(sql.charCodeAt(at)) && !isDigit(sql.charCodeAt(at)) ? wordEnd(sql, at) : at
}

/** The end of a comment that starts here; else `at`. Comments nest in PostgreSQL. */
function commentEnd(sql: string, at: number): number {
  if (sql.startsWith('--', at)) return afterOrEnd(sql, '\n', at)
  if (!sql.startsWith('/*', at)) return at
  let depth = 1
  let next = at + 2
  while (next < sql.length && depth > 0) {
    if (sql.startsWith('*/', next)) depth--
    else if (sql.startsWith('/*', next)) depth++
    else {
      next++
      continue
    }
    next += 2
  }
  return next
}

/** The end of a string or a number that starts here; else `at`. */
function valueEnd(sql: string, at: number): number {
  const char = sql[at]
  if (char === "'") return stringEnd(sql, at)
  if (char === '$') return dollarStringEnd(sql, at)
  if (!isDigit(sql.charCodeAt(at))) return at
  let end = wordEnd(sql, at)
  while (sql[end] === '.' && end < sql.length) end = wordEnd(sql, end + 1)
  return end
}

function stringEnd(sql: string, at: number): number {
  const escapes = sql[at - 1] === 'E' || sql[at - 1] === 'e'
  let next = at + 1
  while (next < sql.length) {
    const char = sql[next]
    if (char === '\\') {
      // Whether a backslash escapes the quote after it depends on a setting of the server.
      if (!escapes && sql[next + 1] === "'") return sql.length
      next += escapes ? 2 : 1
    } else if (char !== "'") next++
    else if (sql[next + 1] === "'") next += 2
    else return next + 1
  }
  return sql.length
}

/** `$$text$$` and `$tag$text$tag$`. */
function dollarStringEnd(sql: string, at: number): number {
  let close = at + 1
  while (isWord(sql.charCodeAt(close))) close++
  if (sql[close] !== '$') return at
  return afterOrEnd(sql, sql.slice(at, close + 1), close + 1)
}

function afterOrEnd(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from)
  return found < 0 ? sql.length : found + mark.length
}
