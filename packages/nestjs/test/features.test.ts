import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FEATURES, PACKAGES } from './features.ts'

const DOCUMENT = new URL('../../../docs/reference/nestjs-features.md', import.meta.url)

function render(): string {
  const head = ['what is traced', '@throughline/nestjs', ...PACKAGES]
  const rows = FEATURES.map(({ name, others }) => [name, 'yes', ...others])
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((cells) => cells[at]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const lines = [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line)
  return [
    '# What is traced in a NestJS application, and by whom',
    '',
    'Written by `packages/nestjs/test/features.test.ts`; every `yes` of ours is a test. The other columns were read in the',
    'code of those versions in November 2026.',
    '',
    ...lines,
    '',
  ].join('\n')
}

it('every feature is shown by a test that is there', () => {
  for (const { name, shownBy } of FEATURES) {
    const [file, title] = shownBy
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(source.includes(title), `${name}: no test "${title}" in ${file}`).toBe(true)
  }
})

it('the table is the one of the features; UPDATE_DOCS=1 writes it', () => {
  if (process.env['UPDATE_DOCS']) writeFileSync(DOCUMENT, render())
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(render())
})
