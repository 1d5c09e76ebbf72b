import { withSpan } from '@throughline/core'
import { describeError } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'

const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

const anything = fc.anything({
  withNullPrototype: true,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
})

/** Objects with the properties that are looked at, whatever these are. */
const errorLike = fc.record(
  {
    name: anything,
    code: anything,
    message: anything,
    stack: anything,
    cause: anything,
    errors: anything,
  },
  { requiredKeys: [] },
)

test('whatever is thrown reaches the caller as it is, and its span ends once as an error', () => {
  fc.assert(
    fc.property(fc.oneof(anything, errorLike), (thrown) => {
      tracing.reset()
      let caught: unknown = 'nothing'
      try {
        withSpan('work', () => {
          throw thrown
        })
      } catch (error) {
        caught = error
      }
      expect(Object.is(caught, thrown)).toBe(true)
      expect(tracing.span('work').status).toBe('ERROR')
      expect(tracing.endedTwice()).toEqual([])
    }),
  )
})

test('whatever is returned reaches the caller as it is, and its span ends', () => {
  fc.assert(
    fc.property(anything, (returned) => {
      tracing.reset()
      expect(
        Object.is(
          withSpan('work', () => returned),
          returned,
        ),
      ).toBe(true)
      expect(tracing.unended()).toEqual([])
    }),
  )
})

test('the type of an error is a short word, its message is bounded', () => {
  fc.assert(
    fc.property(fc.oneof(anything, errorLike), (thrown) => {
      const { type, message } = describeError(thrown)
      expect(type).toMatch(/^[\w.$:-]{1,64}$/)
      expect(message.length).toBeLessThanOrEqual(4096)
    }),
  )
})
