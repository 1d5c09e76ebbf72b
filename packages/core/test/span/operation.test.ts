import {
  ROOT_CONTEXT,
  context,
  isSpanContextValid,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { Operation, startOperation } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const tracer = trace.getTracer('test')
const start = (parent: Context = ROOT_CONTEXT) => startOperation(tracer, 'work', {}, parent)
const fail = (): never => {
  throw new Error('a broken SDK')
}

test('an operation starts from the context it is given, not from the active one', () => {
  const other = tracer.startSpan('other')
  context.with(trace.setSpan(ROOT_CONTEXT, other), () => start().end())
  expect(tracing.span('work').parentSpanId).toBeUndefined()
})

test('its span is active while it runs something, and not after', () => {
  const operation = start()
  expect(operation.run(() => trace.getSpan(context.active()))).toBe(operation.span)
  expect(trace.getSpan(context.active())).toBeUndefined()
  operation.end()
})

test.each<[string, (operation: Operation) => void]>([
  ['end', (operation) => operation.end()],
  ['fail', (operation) => operation.fail(new Error('late'))],
  ['error', (operation) => operation.error({ type: 'late' })],
  ['set', (operation) => operation.set({ late: true })],
  ['recordException', (operation) => operation.recordException(new Error('late'))],
])('after its end, %s changes nothing and ends nothing twice', (_, late) => {
  const operation = start()
  operation.end()
  late(operation)
  expect(operation.ended).toBe(true)
  expect(operation.recording).toBe(false)
  expect(tracing.span('work')).toMatchObject({ status: 'UNSET', attributes: {}, events: [] })
  expect(tracing.endedTwice()).toEqual([])
})

test('a failure gives the status, the type, the message and the exception, then the end', () => {
  const operation = start()
  operation.fail(new TypeError('no such order'))
  expect(tracing.span('work')).toMatchObject({
    status: 'ERROR',
    statusMessage: 'no such order',
    attributes: { 'error.type': 'TypeError' },
    events: [{ name: 'exception' }],
  })
})

test('a failure may be described by somebody who knows better', () => {
  start().fail(new Error('x'), { type: 'timeout', message: 'gave up' })
  expect(tracing.span('work')).toMatchObject({
    statusMessage: 'gave up',
    attributes: { 'error.type': 'timeout' },
  })
})

test('an error without a message has none', () => {
  const operation = start()
  operation.error({ type: '500' })
  operation.end()
  expect(tracing.span('work')).toMatchObject({ status: 'ERROR', statusMessage: undefined })
})

test('a time of the end is kept', () => {
  const operation = startOperation(tracer, 'work', { startTime: [100, 0] }, ROOT_CONTEXT)
  operation.end([101, 500_000_000])
  expect(tracing.span('work').durationMs).toBe(1500)
})

test('attributes may be missing', () => {
  const operation = start()
  operation.set(undefined)
  operation.set({ found: true })
  operation.end()
  expect(tracing.span('work').attributes).toEqual({ found: true })
})

test('a tracer that throws costs the span, never the caller or the trace', () => {
  const parent = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('parent'))
  const broken = { startSpan: fail, startActiveSpan: fail }
  const operation = startOperation(broken, 'work', {}, parent)
  expect(operation.context).toBe(parent)
  expect(operation.recording).toBe(false)
  expect(operation.span.spanContext()).toEqual(trace.getSpanContext(parent))
  expect(operation.run(() => 42)).toBe(42)
  operation.fail(new Error('no'))
  expect(tracing.unended()).toEqual(['parent'])
  const rootless = startOperation(broken, 'work', {}, ROOT_CONTEXT)
  expect(isSpanContextValid(rootless.span.spanContext())).toBe(false)
})

test('a span that cannot be ended ends for us all the same', () => {
  const span: Span = Object.assign(
    trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }),
    {
      end: fail,
    },
  )
  const operation = new Operation(span, ROOT_CONTEXT)
  expect(() => operation.end()).not.toThrow()
  expect(operation.ended).toBe(true)
})
