import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runLifecycles } from './lifecycles.ts'
import { renderSpansReference } from './spans-reference.ts'

const file = new URL('../../../docs/reference/spans.md', import.meta.url)
const RENEW = 'UPDATE_DOCS=1 vitest run --project unit packages/core/test/spans-reference'

test('docs/reference/spans.md says what the lifecycles and the packages do', async () => {
  const fresh = renderSpansReference(await runLifecycles())
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, fresh)
  expect(readFileSync(file, 'utf8'), `docs/reference/spans.md is stale; run: ${RENEW}`).toBe(fresh)
})
