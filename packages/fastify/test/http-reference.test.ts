import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderHttpReference } from './http-reference.ts'

const PAGE = new URL('../../../docs/reference/http.md', import.meta.url)

test('docs/reference/http.md says what the tests say', () => {
  const page = renderHttpReference()
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page)
  expect(
    page,
    'stale: UPDATE_DOCS=1 vitest run --project unit packages/fastify/test/http-reference.test.ts',
  ).toBe(readFileSync(PAGE, 'utf8'))
})

test('every row is found by the generator', () => {
  const rows = renderHttpReference().match(/^(?:- |\| (?!request|---))/gm)
  expect(rows?.length).toBeGreaterThan(80)
})
