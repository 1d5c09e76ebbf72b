import { withSpan, type ExpectedErrors } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

class NotFound extends Error {}
class OrderNotFound extends NotFound {}

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

function statusOf(expected: ExpectedErrors, error: unknown): string {
  const work = () => {
    throw error
  }
  let caught: unknown
  try {
    withSpan('work', { expected }, work)
  } catch (thrown) {
    caught = thrown
  }
  expect(caught).toBe(error)
  return tracing.span('work').status
}

test.each<[string, ExpectedErrors, unknown]>([
  ['of a class', NotFound, new NotFound()],
  ['of its subclass', NotFound, new OrderNotFound()],
  ['that a function knows', (error) => error === 'no', 'no'],
  ['of one of several classes', [RangeError, NotFound], new NotFound()],
  ['that one of several functions knows', [RangeError, (error) => error === null], null],
  ['of any class', Error, new RangeError()],
])('an error %s is an outcome and no failure', (_, expected, error) => {
  expect(statusOf(expected, error)).toBe('UNSET')
  expect(tracing.span('work').events).toEqual([])
  expect(tracing.span('work').attributes).toEqual({})
})

test.each<[string, ExpectedErrors]>([
  ['another class', RangeError],
  ['no class', []],
  ['a function that says no', () => false],
  ['a function that is async by mistake', (async () => true) as never],
  [
    'a function that throws',
    () => {
      throw new Error('a broken hook')
    },
  ],
  ['something that is no function', 'NotFound' as never],
])('with %s, an error is a failure', (_, expected) => {
  expect(statusOf(expected, new NotFound('no'))).toBe('ERROR')
})

test('so is a rejection that is expected', async () => {
  const error = new NotFound()
  const work = withSpan('work', { expected: NotFound }, () => Promise.reject(error))
  await expect(work).rejects.toBe(error)
  expect(tracing.span('work').status).toBe('UNSET')
})
