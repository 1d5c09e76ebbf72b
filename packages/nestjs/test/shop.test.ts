import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'

const SHOP = new URL('../../../examples/shop/src/', import.meta.url)

it.each(['orders', 'notifications'])("the shop's %s has no spans made by hand", (service) => {
  const folder = new URL(`${service}/`, SHOP)
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const source = sources.join('\n')
  expect(source).toContain('TracingModule.forRoot()')
  expect(source).not.toMatch(/startSpan|startActiveSpan|withSpan|getTracer|@opentelemetry\//)
})
