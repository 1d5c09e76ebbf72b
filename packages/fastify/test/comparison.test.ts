import { readFileSync, writeFileSync } from 'node:fs'
import { createTestTracing } from '@throughline/testing'
import { afterAll, expect, test } from 'vitest'
import { compare } from './comparison.ts'

const PAGE = new URL('../../../docs/reference/http-comparison.md', import.meta.url)
const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

test('docs/reference/http-comparison.md says what every package says of the same requests', async () => {
  const page = await compare(tracing)
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page)
  console.log(page)
  expect(
    page,
    'stale: UPDATE_DOCS=1 vitest run --project unit packages/fastify/test/comparison.test.ts',
  ).toBe(readFileSync(PAGE, 'utf8'))
}, 20_000)
