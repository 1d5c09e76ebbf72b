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
