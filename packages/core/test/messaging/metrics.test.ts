import { ROOT_CONTEXT, metrics, type Attributes, type Context } from '@opentelemetry/api'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { resolveTracing } from '@throughline/core/integration'
import {
  startBatch,
  startCreate,
  startProcess,
  startSend,
  startSettle,
} from '@throughline/core/messaging'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { createTestMetrics } from '../metrics-fixture.ts'

const DURATION = 'messaging.client.operation.duration'
const PROCESS = 'messaging.process.duration'
const SENT = 'messaging.client.sent.messages'
const CONSUMED = 'messaging.client.consumed.messages'

const sdk = createTestTracing()
afterEach(() => {
  sdk.reset()
  metrics.disable()
})
afterAll(() => sdk.shutdown())

const SCOPE = { name: 'test', version: '1.0.0' }
const orders = { system: 'kafka', destination: 'orders' }
const message = { ...orders, sender: ROOT_CONTEXT, relation: 'parent' } as const

function measured() {
  const { provider, ...test } = createTestMetrics()
  return { ...test, tracing: resolveTracing(SCOPE, 'test', { metrics: provider }) }
}

const series = (operation: string, type = operation): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.name': operation,
  'messaging.operation.type': type,
  'messaging.destination.name': 'orders',
})

test('a send counts its messages and how long it took', async () => {
  const { tracing, points } = measured()
  startSend(tracing, orders).end()
  startSend(tracing, { ...orders, messageCount: 5 }).end()
  expect(await points(SENT)).toMatchObject([
    { attributes: series('send'), value: 6, unit: '{message}', scope: 'test' },
  ])
  expect(await points(DURATION)).toMatchObject([
    {
      attributes: series('send'),
      unit: 's',
      value: { count: 2, buckets: { boundaries: expect.arrayContaining([0.005, 0.075, 10]) } },
    },
  ])
})

test('a send that failed is told by its error', async () => {
  const { tracing, points } = measured()
  startSend(tracing, orders).fail(new RangeError('full'))
  const attributes = { ...series('send'), 'error.type': 'RangeError' }
  expect(await points(SENT)).toMatchObject([{ attributes, value: 1 }])
  expect(await points(DURATION)).toMatchObject([{ attributes, value: { count: 1 } }])
})

test('a process counts its delivery at once and its time at the end', async () => {
  const { tracing, points } = measured()
  const attributes = { 'messaging.consumer.group.name': 'billing' }
  const operation = startProcess(tracing, { ...message, attributes })
  const expected = { ...series('process'), ...attributes }
  expect(await points(CONSUMED)).toMatchObject([{ attributes: expected, value: 1 }])
  expect(await points(PROCESS)).toEqual([])
  operation.end()
  expect(await points(PROCESS)).toMatchObject([{ attributes: expected, value: { count: 1 } }])
  expect(await points(DURATION)).toEqual([])
})

test('the messages of a batch are counted once, also when each is processed on its own', async () => {
  const { tracing, points } = measured()
  startBatch(tracing, { ...orders, messageCount: 3 }).end()
  startProcess(tracing, { ...message, countDelivery: false }).end()
  expect(await points(CONSUMED)).toMatchObject([{ value: 3 }])
  expect(await points(PROCESS)).toMatchObject([{ value: { count: 2 } }])
})

test('a settlement has a duration, the creation of a message has none', async () => {
  const { tracing, points, names } = measured()
  startCreate(tracing, orders).end()
  expect(await names()).toEqual([])
  startSettle(tracing, { ...orders, operation: 'commit' }).end()
  expect(await points(DURATION)).toMatchObject([{ attributes: series('commit', 'settle') }])
  expect(await points(SENT)).toEqual([])
})

test('what has no end has no series: partitions, offsets, temporary and templated names', async () => {
  const { tracing, points } = measured()
  for (const attributes of [
    { 'messaging.destination.partition.id': '7', 'messaging.kafka.offset': 1 },
    { 'messaging.destination.partition.id': '8', 'messaging.kafka.offset': 2 },
  ]) {
    startProcess(tracing, { ...message, attributes }).end()
  }
  expect(await points(PROCESS)).toHaveLength(1)
  for (const destination of ['reply-1', 'reply-2']) {
    const attributes = { 'messaging.destination.temporary': true }
    startSend(tracing, { ...orders, destination, attributes }).end()
  }
  for (const destination of ['user/1', 'user/2']) {
    const attributes = { 'messaging.destination.template': 'user/{id}' }
    startSend(tracing, { ...orders, destination, attributes }).end()
  }
  expect(await points(SENT)).toMatchObject([{ value: 2 }, { value: 2 }])
})

test('unsampled work is measured too', async () => {
  const { provider, points } = createTestMetrics()
  const tracerProvider = new TracerProvider({ sampler: new AlwaysOffSampler() })
  const tracing = resolveTracing(SCOPE, 'test', { metrics: provider, tracerProvider })
  startSend(tracing, orders).fail(new RangeError('full'))
  expect(sdk.spans()).toEqual([])
  expect(await points(SENT)).toMatchObject([{ attributes: { 'error.type': 'RangeError' } }])
})

test('it is recorded in the context of the span, for exemplars', () => {
  const seen: (Context | undefined)[] = []
  const instrument = {
    record: (_: number, __: Attributes, context: Context) => seen.push(context),
    add: (_: number, __: Attributes, context: Context) => seen.push(context),
  }
  const meter = { createHistogram: () => instrument, createCounter: () => instrument }
  const tracing = resolveTracing(SCOPE, 'test', { metrics: { getMeter: () => meter } as never })
  const send = startSend(tracing, orders)
  send.end()
  const process = startProcess(tracing, message)
  process.end()
  expect(seen).toEqual([send.context, send.context, process.context, process.context])
})

test('an instrument that throws costs neither the work nor its span', () => {
  const instrument = {
    record: () => {
      throw new Error('broken')
    },
    add: () => {
      throw new Error('broken')
    },
  }
  const meter = { createHistogram: () => instrument, createCounter: () => instrument }
  const tracing = resolveTracing(SCOPE, 'test', { metrics: { getMeter: () => meter } as never })
  startSend(tracing, orders).end()
  startProcess(tracing, message).end()
  expect(sdk.spans().map(({ name }) => name)).toEqual(['send orders', 'process orders'])
})

test('`metrics: true` records with the global provider, and by default nothing is recorded', async () => {
  const { provider, points, names } = createTestMetrics()
  metrics.setGlobalMeterProvider(provider)
  startSend(resolveTracing(SCOPE, 'test', {}), orders).end()
  startSend(resolveTracing(SCOPE, 'test', { metrics: false }), orders).end()
  expect(await names()).toEqual([])
  startSend(resolveTracing(SCOPE, 'test', { metrics: true }), orders).end()
  expect(await points(SENT)).toMatchObject([{ value: 1 }])
})

test('an option that can record nothing is refused', () => {
  expect(() => resolveTracing(SCOPE, 'test', { metrics: 'yes' as never })).toThrow(
    'test: option "metrics" must be a boolean or a MeterProvider, got "yes"',
  )
})
