import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CONSUMER, OVERALL, PEERS, PRODUCER, type Feature } from './feature-table.ts'

const ALL = [...PRODUCER, ...CONSUMER, ...OVERALL]
const page = new URL('../../../docs/reference/kafka-features.md', import.meta.url)

test.each(ALL)(
  'the table has a verdict for each, and a test for what we claim: $feature',
  (one) => {
    expect(one.peers).toMatch(/^[Y~-]{6}$/)
    if (one.ours !== 'Y') return expect(one.proof).toBeTypeOf('string')
    const [file, title] = one.proof
    expect(readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8')).toContain(title)
  },
)

test('docs/reference/kafka-features.md is that table', () => {
  const text = render()
  if (process.env['UPDATE_DOCS'] === '1') return writeFileSync(page, text)
  const written = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const stale = 'stale; run UPDATE_DOCS=1 vitest run packages/kafkajs/test/feature-table'
  expect(plain(written), stale).toBe(plain(text))
})

function render(): string {
  return [
    '# Kafka: what is traced, and by whom',
    '',
    'Made by `packages/kafkajs/test/feature-table.test.ts`; not written by hand. `Y` yes, `~` partly, `-` no. The last columns are',
    'ours; each `Y` there names the file of the test that shows it, in `packages/kafkajs/test`.',
    '',
    ...section('Producer', PRODUCER),
    ...section('Consumer', CONSUMER),
    ...section('Overall', OVERALL),
  ].join('\n')
}

function section(title: string, features: readonly Feature[]): string[] {
  const head = ['', ...PEERS, '@throughline/kafkajs', 'shown by']
  return [
    `## ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...features.map(({ feature, peers, ours, proof }) => {
      const shown = typeof proof === 'string' ? proof : `\`${proof[0]}\``
      return `| ${[feature, ...Array.from(peers), ours, shown].join(' | ')} |`
    }),
    '',
  ]
}

/** Without the padding that the formatter gives a table. */
function plain(text: string): string {
  return text.replaceAll(/-{3,}/g, '---').replaceAll(/ +/g, ' ').trim()
}
