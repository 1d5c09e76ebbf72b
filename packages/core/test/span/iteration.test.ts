import { context, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const activeSpan = () => trace.getSpan(context.active())

function* count(to: number, failure?: unknown): Generator<number, string> {
  for (let at = 1; at <= to; at++) yield withSpan('step', () => at)
  if (failure) throw failure
  return 'done'
}

async function* countLater(to: number, failure?: unknown): AsyncGenerator<number, string> {
  for (let at = 1; at <= to; at++) {
    await Promise.resolve()
    yield withSpan('step', () => at)
  }
  if (failure) throw failure
  return 'done'
}

async function collect<T>(steps: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const step of steps) all.push(step)
  return all
}

describe('a generator', () => {
  test('has a span that covers its iteration and is active in each of its steps', () => {
    const steps = withSpan('work', () => count(2))
    expect(tracing.unended()).toEqual(['work'])
    expect([...steps]).toEqual([1, 2])
    expect(tracing.unended()).toEqual([])
    expect(tracing.tree()).toBe('work [INTERNAL]\n  step [INTERNAL]\n  step [INTERNAL]')
    expect(tracing.endedTwice()).toEqual([])
  })

  test('does not leave its span active between its steps', () => {
    const steps = withSpan('work', () => count(1))
    steps.next()
    expect(activeSpan()).toBeUndefined()
  })

  test('that the consumer leaves early ends there', () => {
    for (const at of withSpan('work', () => count(9))) if (at === 2) break
    expect(tracing.span('work').status).toBe('UNSET')
  })

  test('that throws is an error, which reaches the consumer unchanged', () => {
    const failure = new RangeError('too far')
    expect(() => [...withSpan('work', () => count(1, failure))]).toThrow(failure)
    expect(tracing.span('work').attributes['error.type']).toBe('RangeError')
  })

  test('that the consumer throws into is an error', () => {
    const steps = withSpan('work', () => count(2))
    steps.next()
    expect(() => steps.throw(new RangeError('enough'))).toThrow('enough')
    expect(tracing.span('work').status).toBe('ERROR')
  })

  test('that will not be left goes on until it is done', () => {
    const steps = withSpan('work', () => stubborn())
    steps.next()
    expect(steps.return()).toEqual({ value: 'wait', done: false })
    expect(tracing.unended()).toEqual(['work'])
    expect(steps.next().done).toBe(true)
    expect(tracing.unended()).toEqual([])
  })

  test('stays the generator that it was, with its values and its result', () => {
    const own = count(1)
    const steps = withSpan('work', () => own)
    expect(steps).toBe(own)
    expect(Object.keys(steps)).toEqual([])
    expect([steps.next(), steps.next(), steps.next()]).toEqual([
      { value: 1, done: false },
      { value: 'done', done: true },
      { value: undefined, done: true },
    ])
  })

  test('may throw what is expected', () => {
    const steps = withSpan('work', { expected: RangeError }, () => count(0, new RangeError('end')))
    expect(() => steps.next()).toThrow('end')
    expect(tracing.span('work').status).toBe('UNSET')
  })
})

function* stubborn(): Generator<string, void> {
  try {
    yield 'work'
  } finally {
    yield 'wait'
  }
}

describe('an async generator', () => {
  test('has a span that covers its iteration and is active in each of its steps', async () => {
    const steps = withSpan('work', () => countLater(2))
    expect(await collect(steps)).toEqual([1, 2])
    expect(tracing.tree()).toBe('work [INTERNAL]\n  step [INTERNAL]\n  step [INTERNAL]')
    expect(tracing.endedTwice()).toEqual([])
  })

  test('that the consumer leaves early ends there', async () => {
    for await (const at of withSpan('work', () => countLater(9))) if (at === 2) break
    expect(tracing.span('work').status).toBe('UNSET')
  })

  test('that throws is an error, which reaches the consumer unchanged', async () => {
    const failure = new RangeError('too far')
    const steps = withSpan('work', () => countLater(1, failure))
    await expect(collect(steps)).rejects.toBe(failure)
    expect(tracing.span('work')).toMatchObject({ status: 'ERROR', statusMessage: 'too far' })
  })

  test('that is asked for many steps at once ends once', async () => {
    const steps = withSpan('work', () => countLater(1))
    await Promise.all([steps.next(), steps.next(), steps.next()])
    expect(tracing.endedTwice()).toEqual([])
    expect(tracing.unended()).toEqual([])
  })
})

describe('an async iterator that is no generator', () => {
  const ticks = () => {
    let at = 0
    return {
      next: async () => ({ value: ++at, done: at > 2 }),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  test('has a span until it is done', async () => {
    expect(await collect(withSpan('work', ticks))).toEqual([1, 2])
    expect(tracing.span('work').status).toBe('UNSET')
  })

  test('ends where it is left early, even if it would not know', async () => {
    for await (const at of withSpan('work', ticks)) if (at === 1) break
    expect(tracing.span('work').status).toBe('UNSET')
  })

  test('that cannot be followed, because it is frozen, ends at once and works', async () => {
    expect(await collect(withSpan('work', () => Object.freeze(ticks())))).toEqual([1, 2])
    expect(tracing.endedTwice()).toEqual([])
    expect(tracing.span('work').status).toBe('UNSET')
  })
})

test.each([
  ['a list', [1]],
  ['a map', new Map()],
  ['an iterator of a list', [1].values()],
  ['null', null],
  ['a proxy that refuses everything', new Proxy({}, { get: () => expect.fail() })],
])('%s is a result like any other', (_, result) => {
  expect(
    Object.is(
      withSpan('work', () => result),
      result,
    ),
  ).toBe(true)
  expect(tracing.unended()).toEqual([])
})
