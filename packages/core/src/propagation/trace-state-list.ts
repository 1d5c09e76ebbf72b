export type Member = readonly [key: string, value: string]

const MAX_LENGTH = 256 // of a key and of a value

// What each ASCII character may be, as bits. W3C trace context level 2, 3.3.1.
const KEY_START = 1
const KEY = 2
const VALUE = 4
const SPACE = 8
const CLASS: Uint8Array = new Uint8Array(128)
for (let code = 0x20; code < 0x7f; code++) CLASS[code] = VALUE
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789') mark(char, KEY_START | KEY)
for (const char of '_-*/@') mark(char, KEY)
for (const char of ' \t') mark(char, SPACE)
for (const char of ',=') CLASS[char.charCodeAt(0)] = 0

function mark(char: string, bits: number): void {
  CLASS[char.charCodeAt(0)]! |= bits
}

function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 128 ? CLASS[code]! : 0
}

export function isKey(text: string): boolean {
  return text.length > 0 && keyEnd(text, 0) === text.length
}

export function isValue(text: string): boolean {
  const { length } = text
  if (length === 0 || length > MAX_LENGTH || text.charCodeAt(length - 1) === 0x20) return false
  return valueEnd(text, 0) === length
}

/**
 * The list as it is to be sent on: without whitespace around its members, without empty members, of repeated keys only
 * the first. An empty text where the list breaks a rule. One pass, and the text itself where nothing has to change.
 */
export function scanList(text: string, maxMembers: number): string {
  const members: string[] = []
  const keys: string[] = []
  let clean = true
  let count = 0
  let at = 0
  while (at <= text.length) {
    const start = skipSpace(text, at)
    const end =
      start < text.length && text.charCodeAt(start) !== COMMA ? memberEnd(text, start) : start
    if (end < 0) return ''
    const comma = skipSpace(text, end)
    if (comma < text.length && text.charCodeAt(comma) !== COMMA) return ''
    if (start !== at || comma !== end || start === end) clean = false
    if (end > start) {
      if (++count > maxMembers) return ''
      if (!add(text, start, end, keys, members)) clean = false
    }
    at = comma + 1
  }
  return clean ? text : members.join(',')
}

const COMMA = 0x2c
const EQUALS = 0x3d

function add(text: string, start: number, end: number, keys: string[], members: string[]): boolean {
  const key = text.slice(start, text.indexOf('=', start))
  if (keys.includes(key)) return false
  keys.push(key)
  members.push(text.slice(start, end))
  return true
}

/** Where the member that starts at `start` ends, without the whitespace after it, or -1 where it is none. */
function memberEnd(text: string, start: number): number {
  const equals = keyEnd(text, start)
  if (equals < 0 || text.charCodeAt(equals) !== EQUALS) return -1
  let end = valueEnd(text, equals + 1)
  while (end > equals + 1 && text.charCodeAt(end - 1) === 0x20) end--
  const length = end - equals - 1
  return length > 0 && length <= MAX_LENGTH ? end : -1
}

function keyEnd(text: string, start: number): number {
  if ((classAt(text, start) & KEY_START) === 0) return -1
  let end = start + 1
  while (end < text.length && (classAt(text, end) & KEY) !== 0) end++
  return end - start <= MAX_LENGTH ? end : -1
}

function valueEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && (classAt(text, end) & VALUE) !== 0) end++
  return end
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && (classAt(text, at) & SPACE) !== 0) at++
  return at
}
