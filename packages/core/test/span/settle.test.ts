// oxlint-disable unicorn/no-thenable -- thenables of all kinds are what is tested
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { isThenable, runToEnd, startOperation } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const start = () => startOperation(trace.getTracer('test'), 'work', {}, ROOT_CONTEXT)
const fail = (): never => {
  throw new Error('a fault of ours')
}

/** A promise without being one, as query builders are. */
function thenable<T>(value: T): PromiseLike<T> {
  return { then: (...callbacks) => Promise.resolve(value).then(...callbacks) }
}

test('what is not a promise is returned as it is, and the span has ended', () => {
  const result = { then: 'later' }
  expect(runToEnd(start(), () => result)).toBe(result)
  expect(tracing.span('work').status).toBe('UNSET')
})

test('a thenable is waited for', async () => {
  const running = runToEnd(start(), () => thenable('done'))
  expect(tracing.unended()).toEqual(['work'])
  expect(await running).toBe('done')
  expect(tracing.unended()).toEqual([])
})

test('a function that is a thenable is waited for', async () => {
  const running = runToEnd(start(), () => Object.assign(() => {}, thenable('done')))
  expect(tracing.unended()).toEqual(['work'])
  expect(await running).toBe('done')
  expect(tracing.unended()).toEqual([])
})

test('a promise of a class of its own stays one', async () => {
  class Query<T> extends Promise<T> {}
  const running = runToEnd(start(), () => Query.resolve(1))
  expect(running).toBeInstanceOf(Query)
  expect(await running).toBe(1)
})

test('a result whose "then" cannot be read is a result', () => {
  const odd = Object.defineProperty({}, 'then', { get: fail })
  expect(runToEnd(start(), () => odd)).toBe(odd)
  expect(tracing.unended()).toEqual([])
})

test('a thenable that throws when it is waited for fails the span', () => {
  expect(() => runToEnd(start(), () => ({ then: fail }))).toThrow('a fault of ours')
  expect(tracing.span('work').status).toBe('ERROR')
})

test('the result is shown before the span ends, also when it comes later', async () => {
  const onResult = (result: number, operation: ReturnType<typeof start>) =>
    operation.set({ result })
  runToEnd(start(), () => 1, { onResult })
  await runToEnd(start(), () => Promise.resolve(2), { onResult })
  expect(tracing.spans().map((span) => span.attributes)).toEqual([{ result: 1 }, { result: 2 }])
})

test('an outcome that throws goes no further', async () => {
  expect(runToEnd(start(), () => 1, { onResult: fail })).toBe(1)
  expect(await runToEnd(start(), () => Promise.resolve(2), { onResult: fail })).toBe(2)
  const error = new Error('no')
  expect(() => runToEnd(start(), () => thrown(error), { onError: fail })).toThrow(error)
  await expect(runToEnd(start(), () => Promise.reject(error), { onError: fail })).rejects.toBe(
    error,
  )
  expect(tracing.spans().map((span) => span.status)).toEqual(['UNSET', 'UNSET', 'UNSET', 'UNSET'])
  expect(tracing.unended()).toEqual([])
})

test('an outcome may say that an error is none, and the span ends all the same', async () => {
  const error = new Error('retry later')
  const running = runToEnd(start(), () => Promise.reject(error), { onError: () => {} })
  await expect(running).rejects.toBe(error)
  expect(tracing.span('work').status).toBe('UNSET')
})

test.each([
  [Promise.resolve(), true],
  [thenable(1), true],
  [null, false],
  [undefined, false],
  ['then', false],
  [{}, false],
  [{ then: 1 }, false],
  [() => {}, false],
])('%o is a thenable: %s', (value, is) => {
  expect(isThenable(value)).toBe(is)
})

function thrown(error: unknown): never {
  throw error
}
