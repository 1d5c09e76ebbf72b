import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'

const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

beforeAll(() => {
  const tracer = trace.getTracer('test')
  const request = tracer.startSpan('POST /orders', {
    kind: SpanKind.SERVER,
    attributes: { 'http.route': '/orders', 'http.response.status_code': 201 },
  })
  const inside = trace.setSpan(ROOT_CONTEXT, request)
  const send = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER }, inside)
  const links = [{ context: send.spanContext() }]
  tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, links }, ROOT_CONTEXT).end()
  send.end()
  request.end()
})

const span = (name: string): TestSpan => tracing.span(name)

test('toHaveSpan looks for a span that has at least what is expected', () => {
  expect(tracing).toHaveSpan({ name: 'POST /orders', attributes: { 'http.route': '/orders' } })
  expect(tracing.spans()).toHaveSpan({ kind: 'CONSUMER' })
  expect(tracing).toHaveSpan({ name: expect.stringMatching(/^send /) as string })
  expect(tracing).not.toHaveSpan({ name: 'POST /orders', attributes: { 'http.route': '/' } })
  expect(tracing).not.toHaveSpan({ name: 'POST /orders', kind: 'CLIENT' })
})

test('toBeChildOf looks at the direct parent in the same trace', () => {
  expect(span('send orders')).toBeChildOf(span('POST /orders'))
  expect(span('process orders')).not.toBeChildOf(span('send orders'))
  expect(span('POST /orders')).not.toBeChildOf(span('send orders'))
})

test('toBeLinkedTo looks at the links', () => {
  expect(span('process orders')).toBeLinkedTo(span('send orders'))
  expect(span('process orders')).not.toBeLinkedTo(span('POST /orders'))
})

test.each([
  ['a span that matches', () => expect(tracing).toHaveSpan({ name: 'GET /' })],
  [
    '"process orders" to be a child of "send orders"',
    () => expect(span('process orders')).toBeChildOf(span('send orders')),
  ],
  [
    '"process orders" not to be linked to "send orders"',
    () => expect(span('process orders')).not.toBeLinkedTo(span('send orders')),
  ],
])('a failure says that it expected %s, and prints the tree', (says, failing) => {
  expect(failing).toThrow(says)
  expect(failing).toThrow(
    'POST /orders [SERVER]\n  send orders [PRODUCER]\nprocess orders [CONSUMER] -> send orders',
  )
})

test('a failure without any spans says so', () => {
  expect(() => expect([]).toHaveSpan({ name: 'GET /' })).toThrow('(no spans)')
})
