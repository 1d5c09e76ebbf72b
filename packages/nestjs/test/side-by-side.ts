import { readFileSync, writeFileSync } from 'node:fs'

/** What the packages did in the last run: their versions, and a cell for each of them by row. */
export interface SideBySide {
  readonly versions: Readonly<Record<string, string>>
  readonly cells: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const FILE = new URL('side-by-side.json', import.meta.url)

export function readRecord(): SideBySide {
  return JSON.parse(readFileSync(FILE, 'utf8')) as SideBySide
}

export function writeRecord(record: SideBySide): void {
  writeFileSync(FILE, `${JSON.stringify(record, null, 2)}\n`)
}
