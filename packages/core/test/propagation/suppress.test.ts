import { ROOT_CONTEXT } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { context } from '@opentelemetry/api'
import { afterAll, expect, test } from 'vitest'

const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

test('a suppressed context says so, and others do not', () => {
  expect(isTracingSuppressed(ROOT_CONTEXT)).toBe(false)
  expect(isTracingSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true)
})

test("the SDK sees it, although the key is reached without the SDK's package", () => {
  const result = context.with(suppressTracing(ROOT_CONTEXT), () => withSpan('hidden', () => 'done'))
  withSpan('seen', () => {})
  expect(result).toBe('done')
  expect(tracing.tree()).toBe('seen [INTERNAL]')
})
