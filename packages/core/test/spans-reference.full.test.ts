import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runLifecycles } from './lifecycles.ts'
import { renderSpansReference } from './spans-reference.ts'

const file = new URL('../../../docs/reference/spans.md', import.meta.url)
const RENEW = 'UPDATE_DOCS=1 vitest run --project unit packages/core/test/spans-reference'

test('docs/reference/spans.md says what each package does', async () => {
  const fresh = renderSpansReference(await runLifecycles())
  expect(readFileSync(file, 'utf8'), `docs/reference/spans.md is stale; run: ${RENEW}`).toBe(fresh)
})
