import { trace } from '@opentelemetry/api'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { withSpan } from '../../src/index.ts'
import { describeError, setErrorOrigin } from '../../src/integration.ts'

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
beforeEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

it('tells of the error that a framework replaced, recorded once, and passes on the replacement', () => {
  const origin = new RangeError('no price')
  const replacement = { status: 'error', message: 'Internal server error' }
  const serve = (): void =>
    withSpan('serve', () => {
      try {
        withSpan('handle', () => {
          throw origin
        })
      } catch {
        setErrorOrigin(replacement, origin)
        throw replacement
      }
    })
  expect(serve).toThrow(expect.toSatisfy((thrown) => thrown === replacement))
  expect(tracing.span('serve')).toMatchObject({
    statusMessage: 'no price',
    attributes: { 'error.type': 'RangeError' },
    events: [],
  })
  expect(tracing.span('handle').events).toHaveLength(1)
  expect(trace.getActiveSpan()).toBeUndefined()
})

it('takes any value for an error and for its origin', () => {
  setErrorOrigin('text', new Error('never seen'))
  setErrorOrigin(undefined, new Error('never seen'))
  const replacement = {}
  setErrorOrigin(replacement, 'out of stock')
  expect(describeError(replacement)).toEqual({ type: 'string', message: 'out of stock' })
  expect(describeError('text').message).toBe('text')
})
