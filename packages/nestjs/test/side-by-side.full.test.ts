import { afterAll, describe, expect, it } from 'vitest'
import { FEATURES, PROBED } from './features.ts'
import { PEERS, findingsOf, findingsOn12 } from './peers.ts'
import { PROBES, type Found } from './probes.ts'
import { Projects } from './project.ts'
import { readRecord, writeRecord, type SideBySide } from './side-by-side.ts'

const OURS = '@throughline/nestjs'
const projects = new Projects(['core', 'nestjs'])
afterAll(() => projects.close())

const versions: Record<string, string> = {}
const cells: Record<string, Record<string, string>> = {}

describe.each(Object.keys(PEERS))('%s', (peer) => {
  it('traces one application, and what it made of that is what the table says', async () => {
    const found = await findingsOf(peer, projects)
    const on12 = await findingsOn12(peer, projects)
    versions[peer] = found.manifest.version
    for (const { name, by, shownBy } of FEATURES) {
      if (typeof by !== 'string') continue
      const cell = by === 'nest12' ? worksOn12(on12) : PROBES[by](found)
      ;(cells[name] ??= {})[peer] = cell
      if (peer === OURS) expect.soft(cell, name).toBe(shownBy ? 'yes' : '–')
    }
  }, 600_000)
})

/** It made any span at all of requests that make some on Nest 11. */
function worksOn12(found: Found | undefined): string {
  const spans = found && [...found.findings['one']!, ...found.findings['quote']!]
  return spans && spans.length > 0 ? 'yes' : '–'
}

it('is what the table was written from; UPDATE_DOCS=1 writes it', () => {
  const record: SideBySide = { versions: pick(versions), cells: mapValues(cells, pick) }
  if (process.env['UPDATE_DOCS']) writeRecord(record)
  expect(record).toEqual(readRecord())
})

/** Ours is held to the tests instead. */
function pick(by: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(PROBED.map((peer) => [peer, by[peer] ?? 'not run']))
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value)]))
}
