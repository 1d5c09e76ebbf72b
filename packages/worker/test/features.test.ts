import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { FEATURES, OTHERS } from './fixtures/features.ts'

const PAGE = new URL('../../../docs/reference/job-tracing.md', import.meta.url)

it.each(FEATURES)('has a test of: $title', async ({ ours: [file, name] }) => {
  const text = await readFile(new URL(file, import.meta.url), 'utf8')
  expect(text).toContain(name)
})

it('is what docs/reference/job-tracing.md says', async () => {
  const head = `| | ${OTHERS.join(' | ')} | @throughline/worker |`
  const rule = `|${' --- |'.repeat(OTHERS.length + 2)}`
  const rows = FEATURES.map(({ title, others, ours: [file] }) => {
    const link = `[Y](../../packages/worker/test/${file})`
    return `| ${title} | ${others.join(' | ')} | ${link} |`
  })
  const lines = [
    '# Tracing of jobs in Node, compared',
    'Y: yes, P: partly, -: no. What is said of others was read in their code or seen in a run, in autumn 2026; each Y of this',
    'package leads to its test. Generated: `UPDATE_DOCS=1 vitest run packages/worker/test/features.test.ts`, then `oxfmt docs`.',
    head,
    rule,
    ...rows,
  ]
  if (process.env['UPDATE_DOCS'] === '1') {
    const [title, ...rest] = lines
    const [first, second, ...table] = rest
    await writeFile(PAGE, `${title}\n\n${first}\n${second}\n\n${table.join('\n')}\n`)
    return
  }
  const squeeze = (line: string): string => line.replaceAll(/ +|-{3,}/g, ' ').trim()
  const shown = (await readFile(PAGE, 'utf8')).split('\n').map(squeeze).filter(Boolean)
  expect(shown, 'UPDATE_DOCS=1 renews it').toEqual(lines.map(squeeze))
})
