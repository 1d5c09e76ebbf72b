import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ATTR } from '@throughline/core/integration'
import type { Lifecycle } from './lifecycles.ts'

const packages = new URL('../../', import.meta.url)

/** The functions of core that make spans, and the lifecycle of each. */
const LIFECYCLES: Readonly<Record<string, string>> = {
  HttpServerTracer: 'HTTP server request',
  startClientRequest: 'HTTP client request',
  startSend: 'send',
  startCreate: 'create',
  startProcess: 'process',
  startBatch: 'process a batch',
  startSettle: 'settle',
}

const NAMING: Readonly<Record<string, string>> = {
  databaseSpanName: '`{operation} {target}`',
  handlerSpanName: '`{class}.{method}`',
  tickSpanName: '`tick {schedule}`',
}

/** What the sources of a package say of its spans. */
interface PackageSpans {
  readonly name: string
  readonly lifecycles: readonly string[]
  /** Of the spans that it makes by itself. */
  readonly kinds: readonly string[]
  readonly names: readonly string[]
  readonly attributes: readonly string[]
}

/** The reference of all spans, as Markdown: from what the lifecycles made and what the packages' sources say. */
export function renderSpansReference(lifecycles: readonly Lifecycle[]): string {
  const all = readPackages()
  return [
    '# Spans and attributes',
    '',
    'Generated from the code: the lifecycles by running them, the packages from their sources. Renew it with',
    '`UPDATE_DOCS=1 vitest run --project unit packages/core/test/spans-reference`.',
    '',
    "Names follow the semantic conventions, and hold no id, no path and no query. When each span starts and ends is told in its package's README.",
    '',
    '## What is the same in all packages',
    '',
    'Attributes at the start can be seen by a sampler. Those after it are there where the span is recorded.',
    '',
    renderLifecycles(lifecycles),
    '',
    '## What each package makes',
    '',
    ...table(
      ['package', 'lifecycles', 'spans of its own', 'named', 'attributes beside those above'],
      all.map((one) => [
        `\`${one.name}\``,
        one.lifecycles.join(', ') || '–',
        one.kinds.join(', ') || '–',
        one.names.join(', ') || '–',
        code(one.attributes),
      ]),
    ),
    '',
    '## Attributes',
    '',
    'Every failed span has `error.type` beside. Keys with the prefix `job.`, `fastify.`, `nestjs.` or `throughline.` are our own.',
    '',
    ...table(['attribute', 'written by'], writers(lifecycles, all)),
    '',
  ].join('\n')
}

/** The table of what is the same in all packages. */
function renderLifecycles(lifecycles: readonly Lifecycle[]): string {
  return table(
    ['lifecycle', 'name, for example', 'kind', 'attributes at the start', 'attributes after it'],
    lifecycles.map(({ what, name, kind, atStart, later }) => [
      what,
      `\`${name}\``,
      kind,
      code(atStart),
      code(later),
    ]),
  ).join('\n')
}

function readPackages(): PackageSpans[] {
  return globSync('*/src/scope.ts', { cwd: packages })
    .map((path) => path.split(/[\\/]/)[0]!)
    .toSorted()
    .filter((folder) => folder !== 'core')
    .map(readPackage)
    .filter(({ lifecycles, kinds }) => lifecycles.length > 0 || kinds.length > 0)
}

function readPackage(folder: string): PackageSpans {
  const source = globSync(`${folder}/src/**/*.ts`, { cwd: packages })
    .toSorted()
    .filter((path) => basename(path) !== 'index.ts')
    .map((path) => readFileSync(new URL(path, packages), 'utf8'))
    .join('\n')
  const { name } = JSON.parse(
    readFileSync(new URL(`${folder}/package.json`, packages), 'utf8'),
  ) as { name: string }
  const uses = (word: string) => new RegExp(`\\b${word}\\(`).test(source)
  return {
    name,
    lifecycles: pick(LIFECYCLES, uses),
    kinds: found(source, /\bkind: SpanKind\.(\w+)/g),
    names: pick(NAMING, uses),
    attributes: found(source, /\bATTR\.(\w+)/g)
      .map((key) => ATTR[key as keyof typeof ATTR])
      .toSorted(),
  }
}

function pick(known: Readonly<Record<string, string>>, uses: (word: string) => boolean): string[] {
  return Object.entries(known)
    .filter(([word]) => uses(word))
    .map(([, what]) => what)
}

function found(source: string, pattern: RegExp): string[] {
  return [...new Set([...source.matchAll(pattern)].map(([, word]) => word!))].toSorted()
}

function writers(lifecycles: readonly Lifecycle[], all: readonly PackageSpans[]): string[][] {
  const rows = Object.values(ATTR).map((attribute) => [
    `\`${attribute}\``,
    [
      ...lifecycles
        .filter(({ atStart, later }) => [...atStart, ...later].includes(attribute))
        .map(({ what }) => what),
      ...all
        .filter(({ attributes }) => attributes.includes(attribute))
        .map(({ name }) => `\`${name}\``),
    ].join(', '),
  ])
  return rows.filter(([, by]) => by !== '')
}

const code = (names: readonly string[]): string =>
  names.map((name) => `\`${name}\``).join(', ') || '–'

/** Columns are as wide as their widest cell, as the formatter wants them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}
