import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { resolveTracing } from '@throughline/core/integration'
import { startCreate, startSend, startSettle } from '@throughline/core/messaging'
import { createTestTracing } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, afterEach, expect, test } from 'vitest'

const sdk = createTestTracing()
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

const tracing = resolveTracing({ name: 'test', version: '1.0.0' }, 'test', {})
const orders = { system: 'kafka', destination: 'orders' }

test('a send is a producer span, named by what is done to what', () => {
  startSend(tracing, orders).end()
  expect(sdk.span('send orders')).toMatchObject({
    kind: 'PRODUCER',
    scope: { name: 'test', version: '1.0.0' },
    links: [],
  })
  expect(sdk.span('send orders').attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
  })
})

test('a send belongs to whoever sends, unless a parent is given', () => {
  withSpan('request', () => {
    startSend(tracing, orders).end()
    startSend(tracing, { ...orders, destination: 'audit', parent: ROOT_CONTEXT }).end()
  })
  expect(sdk.span('send orders')).toBeChildOf(sdk.span('request'))
  expect(sdk.span('send audit').parentSpanId).toBeUndefined()
})

test("the library's own word and the user's own name are used", () => {
  startSend(tracing, { ...orders, operation: 'add' }).end()
  startSend(tracing, { ...orders, spanName: 'my send' }).end()
  expect(sdk.span('add orders').attributes).toMatchObject({
    'messaging.operation.name': 'add',
    'messaging.operation.type': 'send',
  })
  expect(sdk.span('my send').kind).toBe('PRODUCER')
})

test('a call for many messages says how many, also when it is one', () => {
  startSend(tracing, { ...orders, messageCount: 1 }).end()
  expect(sdk.span('send orders').attributes['messaging.batch.message_count']).toBe(1)
})

test('extra attributes and links are there from the start', () => {
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
  const operation = startSend(tracing, {
    ...orders,
    attributes: { 'messaging.client.id': 'shop' },
    links: [{ context }],
  })
  expect(trace.getSpan(operation.context)).toBe(operation.span)
  operation.end()
  expect(sdk.span('send orders')).toMatchObject({
    attributes: { 'messaging.client.id': 'shop' },
    links: [{ spanId: '2'.repeat(16) }],
  })
})

test('where every message has a context of its own, the send is a client of the broker', () => {
  const created = startCreate(tracing, { ...orders, attributes: { 'messaging.message.id': '7' } })
  created.end()
  const links = [{ context: created.span.spanContext() }]
  startSend(tracing, { ...orders, messageCount: 1, injected: false, links }).end()
  expect(sdk.span('create orders')).toMatchObject({
    kind: 'PRODUCER',
    attributes: { 'messaging.operation.type': 'create', 'messaging.message.id': '7' },
  })
  expect(sdk.span('send orders').kind).toBe('CLIENT')
  expect(sdk.span('send orders')).toBeLinkedTo(sdk.span('create orders'))
})

test('a settlement is a client span with the word of its library', () => {
  withSpan('request', () => startSettle(tracing, { ...orders, operation: 'commit' }).end())
  expect(sdk.span('commit orders')).toMatchObject({
    kind: 'CLIENT',
    attributes: { 'messaging.operation.name': 'commit', 'messaging.operation.type': 'settle' },
  })
  expect(sdk.span('commit orders')).toBeChildOf(sdk.span('request'))
})

test('a settlement of many destinations is named by its operation alone', () => {
  startSettle(tracing, { system: 'kafka', operation: 'commit' }).end()
  expect(sdk.span('commit').attributes).not.toHaveProperty('messaging.destination.name')
})
