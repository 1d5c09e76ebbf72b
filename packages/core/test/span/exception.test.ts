import { ROOT_CONTEXT, logs, trace, type LogRecord } from '@opentelemetry/api'
import { recordError, withSpan } from '@throughline/core'
import { startOperation } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'

const OPT_IN = 'OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'
const tracing = createTestTracing()
afterEach(() => {
  tracing.reset()
  vi.unstubAllEnvs()
  logs.disable()
})
afterAll(() => tracing.shutdown())

const start = (name: string) => startOperation(trace.getTracer('test'), name, {}, ROOT_CONTEXT)

test('an exception says its type, its message and its stack', () => {
  const error = new TypeError('no such order')
  start('work').fail(error)
  expect(tracing.span('work').events).toEqual([
    {
      name: 'exception',
      attributes: {
        'exception.type': 'TypeError',
        'exception.message': 'no such order',
        'exception.stacktrace': error.stack,
      },
    },
  ])
})

test.each([
  ['a frozen error', Object.freeze(new Error('no'))],
  ['an AggregateError', new AggregateError([new Error('a')], 'all')],
  ['an object', { message: 'no' }],
])('%s is recorded once, however many spans it passes', (_, error) => {
  for (const name of ['inner', 'middle', 'outer']) start(name).fail(error)
  expect(tracing.span('inner').events).toHaveLength(1)
  expect(tracing.span('middle').events).toEqual([])
  expect(tracing.span('outer')).toMatchObject({ status: 'ERROR', events: [] })
})

test('an exception that no recording span took is left for the next one', () => {
  const error = new Error('no')
  const unsampled = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 })
  startOperation({ startSpan: () => unsampled } as never, 'unsampled', {}, ROOT_CONTEXT).fail(error)
  start('work').fail(error)
  expect(tracing.span('work').events).toHaveLength(1)
})

test.each([null, undefined, 'text', Number.NaN])(
  'a throw of %s that passes many spans is recorded by the innermost one',
  async (thrown) => {
    const thrower = () => {
      throw thrown
    }
    const nested = () =>
      withSpan('outer', () => withSpan('middle', () => withSpan('inner', thrower)))
    expect(nested).toThrow()
    await Promise.allSettled([
      withSpan('async outer', async () => withSpan('async inner', thrower)),
    ])
    const events = tracing.spans().map(({ name, events: { length } }) => [name, length])
    expect(Object.fromEntries(events)).toEqual({
      inner: 1,
      middle: 0,
      outer: 0,
      'async inner': 1,
      'async outer': 0,
    })
  },
)

test('another throw of a value that was handled is recorded again', () => {
  const thrower = (thrown: unknown) => () => {
    throw thrown
  }
  const work = () => {
    try {
      withSpan('first', thrower('a'))
    } catch {}
    withSpan('second', thrower('b'))
  }
  expect(() => withSpan('outer', work)).toThrow()
  expect(tracing.span('first').events).toHaveLength(1)
  expect(tracing.span('second').events).toHaveLength(1)
  expect(tracing.span('outer').events).toHaveLength(0)
})

const stackOf = (name: string) =>
  tracing.span(name).events[0]?.attributes?.['exception.stacktrace'] as string

test('the stack tells of all causes, and of what several failures are made of', () => {
  const refused = new RangeError('refused')
  const cause = new TypeError('no price', { cause: refused })
  const failure = new AggregateError([new Error('first try'), 'text'], 'all tries', { cause })
  start('work').fail(failure)
  expect(stackOf('work')).toBe(
    [
      failure.stack,
      `[errors 0]: ${(failure.errors[0] as Error).stack}`,
      `Caused by: ${cause.stack}`,
      `Caused by: ${refused.stack}`,
    ].join('\n'),
  )
})

test('causes that go round in a circle are told once', () => {
  const [one, two] = [new Error('one'), new Error('two')]
  one.cause = two
  two.cause = one
  start('work').fail(one)
  expect(stackOf('work')).toBe(`${one.stack}\nCaused by: ${two.stack}`)
})

test('a stack, a chain or a list without end is cut', () => {
  let chain = new Error('the first')
  for (let at = 0; at < 10_000; at++) chain = new Error(`number ${at}`, { cause: chain })
  start('chain').fail(chain)
  start('list').fail(new AggregateError(Array.from({ length: 10_000 }, () => new Error('x'))))
  start('text').fail(Object.assign(new Error('x'), { stack: 'x'.repeat(10_000_000) }))
  expect(stackOf('chain').split('Caused by').length).toBeLessThanOrEqual(16)
  expect(stackOf('list').split('[errors').length).toBeLessThanOrEqual(16)
  for (const name of ['chain', 'list', 'text']) {
    expect(stackOf(name).length).toBeLessThanOrEqual(16_384)
  }
})

test('causes that cannot be read are left out', () => {
  const error = new Error('no', { cause: new Proxy({}, { get: fail }) })
  start('work').fail(error)
  expect(stackOf('work')).toBe(error.stack)
})

function fail(): never {
  throw new Error('a broken getter')
}

test.each([null, undefined, 'text', 7])('a throw of %s has no stack', (thrown) => {
  start('work').fail(thrown)
  const [event] = tracing.span('work').events
  expect(event?.attributes).toMatchObject({ 'exception.message': String(thrown) })
  expect(event?.attributes).not.toHaveProperty('exception.stacktrace')
})

test('a stack that cannot be read costs the stack only', () => {
  const error = Object.defineProperty(new Error('no'), 'stack', {
    get: () => {
      throw new Error('a broken getter')
    },
  })
  start('work').fail(error)
  expect(tracing.span('work').events[0]?.attributes).toEqual({
    'exception.type': 'Error',
    'exception.message': 'no',
  })
})

describe('with the opt-in', () => {
  const records: LogRecord[] = []
  const listen = (emit: (record: LogRecord) => void) => {
    records.length = 0
    logs.setGlobalLoggerProvider({ getLogger: () => ({ emit, enabled: () => true }) })
  }

  test.each([
    ['logs', 1, 0],
    ['logs/dup', 1, 1],
    ['http, logs', 1, 0],
    ['http', 0, 1],
    ['', 0, 1],
  ])('%j there are %i log records and %i events', (value, logged, events) => {
    vi.stubEnv(OPT_IN, value)
    listen((record) => records.push(record))
    start('work').fail(new TypeError('no'))
    expect(tracing.span('work').events).toHaveLength(events)
    expect(records).toHaveLength(logged)
  })

  test('while nothing takes logs, the exception is an event all the same', () => {
    vi.stubEnv(OPT_IN, 'logs')
    start('work').fail(new TypeError('no'))
    expect(tracing.span('work').events).toHaveLength(1)
  })

  test('a log record stands in the context of its span', () => {
    vi.stubEnv(OPT_IN, 'logs')
    listen((record) => records.push(record))
    start('work').fail(new TypeError('no'))
    const [record] = records
    expect(record).toMatchObject({
      eventName: 'exception',
      severityNumber: 17,
      attributes: { 'exception.type': 'TypeError', 'exception.message': 'no' },
    })
    expect(trace.getSpanContext(record!.context!)?.spanId).toBe(tracing.span('work').spanId)
  })

  test('a log pipeline that throws hurts neither the span nor the application', () => {
    vi.stubEnv(OPT_IN, 'logs')
    listen(() => {
      throw new Error('a broken processor')
    })
    start('work').fail(new Error('no'))
    withSpan('handled', () => recordError(new Error('no')))
    expect(tracing.span('work').status).toBe('ERROR')
    expect(tracing.span('handled').status).toBe('ERROR')
  })
})
