import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runLifecycles } from './lifecycles.ts'
import { renderLifecycles, renderSpansReference } from './spans-reference.ts'

const file = new URL('../../../docs/reference/spans.md', import.meta.url)
const RENEW = 'UPDATE_DOCS=1 vitest run --project unit packages/core/test/spans-reference'

test('docs/reference/spans.md says what the lifecycles do', async () => {
  const lifecycles = await runLifecycles()
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, renderSpansReference(lifecycles))
  const committed = readFileSync(file, 'utf8')
  expect(committed, `docs/reference/spans.md is stale; run: ${RENEW}`).toContain(
    renderLifecycles(lifecycles),
  )
})
