import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The packages whose rows make up docs/reference/http.md. */
const PACKAGES = ['fastify', 'http'] as const

interface Group {
  readonly title: string
  /** Rows of two cells, or sentences. */
  readonly rows: readonly (readonly string[])[]
}

// A string literal, in whatever quotes the formatter chose.
const text = (quote: string): string => `(['"\`])((?:(?!${quote})[^\\\\]|\\\\.)*)${quote}`
const each = String.raw`(?:\.each\([\s\S]*?\))?`
const GROUP = new RegExp(String.raw`\b(?:rows|describe${each})\(\s*${text('\\1')}`, 'g')
const ROW = new RegExp(String.raw`\brow\(\s*${text('\\1')},\s*${text('\\3')}`, 'g')
const SENTENCE = new RegExp(String.raw`\btest${each}\(\s*${text('\\1')}`, 'g')

/** The page, made of the names of the tests in packages/{fastify,http}/test/rows. */
export function renderHttpReference(): string {
  return [
    '# HTTP servers: what the span of a request says',
    '',
    'Made from the names of the tests in `packages/fastify/test/rows` and `packages/http/test/rows`, each of which sends its request to',
    'a real socket; not written by hand. The rows of Fastify hold for versions 4, 5 and 6. `UNSET` and `ERROR` are the status of the',
    'span, which has one more attribute where it is `ERROR`: `error.type`.',
    ...PACKAGES.flatMap(renderPackage),
    '',
  ].join('\n')
}

function renderPackage(name: string): string[] {
  const groups = readGroups(name)
  if (groups.length === 0) return []
  return ['', `## @throughline/${name}`, ...groups.flatMap(renderGroup)]
}

function renderGroup({ title, rows }: Group): string[] {
  const pairs = rows.filter((row) => row.length === 2)
  const sentences = rows.filter((row) => row.length === 1)
  return [
    '',
    `### ${title}`,
    '',
    ...(pairs.length > 0 ? renderTable([['request', 'its span'], ...pairs]) : []),
    ...sentences.map(([sentence]) => `- ${sentence}`),
  ]
}

/** Aligned, as the formatter has it. */
export function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(3, ...rows.map((row) => row[at]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const [head, ...body] = rows
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)]
}

function readGroups(name: string): Group[] {
  const folder = fileURLToPath(new URL(`../../${name}/test/rows/`, import.meta.url))
  return readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .toSorted()
    .flatMap((file) => groupsOf(readFileSync(folder + file, 'utf8')))
}

function groupsOf(source: string): Group[] {
  const starts = [...source.matchAll(GROUP)]
  return starts.map((start, at) => {
    const body = source.slice(start.index + start[0].length, starts[at + 1]?.index)
    const pairs = [...body.matchAll(ROW)].map((row) => [plain(row[2]!), plain(row[4]!)])
    const sentences = [...body.matchAll(SENTENCE)].map((test) => [plain(test[2]!)])
    return { title: plain(start[2]!), rows: [...pairs, ...sentences] }
  })
}

/** A name without what is filled in when the test runs: the versions, the values. */
function plain(name: string): string {
  const filled = name.replace(/ · %s$/, '').replaceAll(/%[sijdo]/g, '…')
  return filled.replaceAll(/\\(.)/g, '$1').replaceAll('|', String.raw`\|`)
}
