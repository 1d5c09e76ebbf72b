import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FEATURES, PROBED, READ, type Feature } from './features.ts'
import { readRecord } from './side-by-side.ts'

const DOCUMENT = new URL('../../../docs/reference/nestjs-features.md', import.meta.url)
const record = readRecord()

function render(): string {
  const head = [
    'what is traced',
    `@throughline/nestjs`,
    ...PROBED.map((name) => `${name.replace('@opentelemetry/', '')} ${record.versions[name]}`),
    ...READ.map((name) => `${name} †`),
  ]
  const rows = FEATURES.map((feature) => [
    feature.name,
    feature.shownBy ? 'yes' : '–',
    ...others(feature),
    feature.sentry,
    feature.observe,
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((cells) => cells[at]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const lines = [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line)
  return [
    '# What is traced in a NestJS application, and by whom',
    '',
    'Written by `packages/nestjs/test/features.test.ts`; every `yes` of ours is a test. What the next three do was found by',
    'running one application under each of them, alone and as its documentation says, on Nest 11 with Fastify',
    '(`packages/nestjs/test/side-by-side.full.test.ts`). The spans of requests that instrumentation-nestjs-core and nestjs-otel',
    'leave to instrumentation-http are not theirs.',
    '',
    '† Not run, but read in the code and the documentation of these versions in November 2026:',
    '[nestjs-otel](https://github.com/pragmaticivan/nestjs-otel),',
    '[instrumentation-nestjs-core](https://github.com/open-telemetry/opentelemetry-js-contrib/tree/main/packages/instrumentation-nestjs-core),',
    '[@amplication/opentelemetry-nestjs](https://github.com/amplication/opentelemetry-nestjs),',
    '[@sentry/nestjs](https://docs.sentry.io/platforms/javascript/guides/nestjs/),',
    '[@nestjs/observe](https://docs.nestjs.com/observability).',
    '',
    ...lines,
    '',
  ].join('\n')
}

function others({ name, by }: Feature): string[] {
  if (typeof by !== 'string') return by.map((cell) => `${cell} †`)
  return PROBED.map((peer) => record.cells[name]?.[peer] ?? 'not run')
}

it('every feature is shown by a test that is there', () => {
  for (const { name, shownBy } of FEATURES) {
    if (!shownBy) continue
    const [file, title] = shownBy
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(source.includes(title), `${name}: no test "${title}" in ${file}`).toBe(true)
  }
})

it('the table is the one of the features; UPDATE_DOCS=1 writes it', () => {
  if (process.env['UPDATE_DOCS']) writeFileSync(DOCUMENT, render())
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(render())
})
