import { context, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

test('a span is active while its function runs and ends at return', () => {
  const inside = withSpan('work', (span) => {
    expect(trace.getSpan(context.active())).toBe(span)
    return 42
  })
  expect(inside).toBe(42)
  expect(tracing.span('work').status).toBe('UNSET')
})

test('a span ends when the promise settles, not before', async () => {
  let finish: (value: string) => void = () => {}
  const work = new Promise<string>((resolve) => (finish = resolve))
  const running = withSpan('work', () => work)
  expect(tracing.unended()).toEqual(['work'])
  finish('done')
  await expect(running).resolves.toBe('done')
  expect(tracing.unended()).toEqual([])
})

test('a throw ends the span as an error and reaches the caller unchanged', () => {
  const error = new TypeError('no such order')
  expect(() =>
    withSpan('work', () => {
      throw error
    }),
  ).toThrow(error)
  const span = tracing.span('work')
  expect(span).toMatchObject({ status: 'ERROR', statusMessage: 'no such order' })
  expect(span.attributes['error.type']).toBe('TypeError')
})

test('an exception that passes two spans is recorded once, on the inner one', async () => {
  const failing = withSpan('outer', () => withSpan('inner', () => Promise.reject(new Error('x'))))
  await expect(failing).rejects.toThrow('x')
  expect(tracing.span('inner').events).toHaveLength(1)
  expect(tracing.span('outer')).toMatchObject({ status: 'ERROR', events: [] })
})

test.each([null, undefined, 'text', 0, Object.freeze(new Error('frozen'))])(
  'a throw of %s ends the span as an error and is rethrown as it is',
  (thrown) => {
    let caught: unknown = 'nothing'
    try {
      withSpan('work', () => {
        throw thrown
      })
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(thrown)
    expect(tracing.span('work').status).toBe('ERROR')
  },
)
