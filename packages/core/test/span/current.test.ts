import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { currentTrace, keepTrace, recordError, withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

test('the current trace is that of the active span', () => {
  const seen = withSpan('work', () => currentTrace())
  const { traceId, spanId } = tracing.span('work')
  expect(seen).toEqual({ traceId, spanId, sampled: true })
})

test('without a span there is no current trace, and nothing to keep or to fail', () => {
  keepTrace()
  recordError(new Error('no'))
  expect(currentTrace()).toBeUndefined()
})

test.each([
  [0, false],
  [1, true],
  [2, false],
  [3, true],
])('by flags %i a trace is sampled: %s', (traceFlags, sampled) => {
  const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) }
  const active = trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags })
  expect(context.with(active, currentTrace)).toEqual({ ...ids, sampled })
})

test('an invalid span is no trace', () => {
  const invalid = { traceId: '0'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
  expect(context.with(trace.setSpanContext(ROOT_CONTEXT, invalid), currentTrace)).toBeUndefined()
})

test('a trace is kept for a reason', () => {
  withSpan('asked', () => keepTrace())
  withSpan('audit', () => keepTrace('audit'))
  expect(tracing.span('asked').attributes).toEqual({ 'throughline.keep': 'asked' })
  expect(tracing.span('audit').attributes).toEqual({ 'throughline.keep': 'audit' })
})

test('an error that was handled fails the active span, which goes on', () => {
  withSpan('work', (span) => {
    recordError(new TypeError('no'))
    span.setAttribute('after', true)
  })
  expect(tracing.span('work')).toMatchObject({
    status: 'ERROR',
    statusMessage: 'no',
    attributes: { 'error.type': 'TypeError', after: true },
    events: [{ name: 'exception' }],
  })
})
