// That kafkajs's own events say what the metrics are made of.
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import type { Consumer } from 'kafkajs'
import { afterAll, expect, test, vi } from 'vitest'
import { connectProducer, createTopic, createTracedKafka } from './broker.ts'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 })
const metrics = new MeterProvider({ readers: [reader] })
afterAll(() => reader.shutdown())

async function read(name: string) {
  exporter.reset()
  await reader.forceFlush()
  return exporter
    .getMetrics()
    .flatMap((data) => data.scopeMetrics.flatMap((scope) => scope.metrics))
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })))
}

test('a consumer that gives up has its lag and its crash measured', async () => {
  const topic = await createTopic('lag')
  const kafka = createTracedKafka({ metrics })
  const producer = await connectProducer(kafka)
  await producer.send({ topic, messages: ['1', '2', '3'].map((value) => ({ value })) })
  const groupId = `lag-${topic}`
  // A broker that is still loading its groups is another crash, after which kafkajs joins again.
  const restartOnFailure = ({ message }: Error): Promise<boolean> =>
    Promise.resolve(message !== 'no stock')
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    retry: { retries: 3, initialRetryTime: 50, restartOnFailure },
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const crashed = new Promise<void>((resolve) => {
    consumer.on('consumer.crash', ({ payload }) => !payload.restart && resolve())
  })
  await consumer.run({ eachMessage: () => Promise.reject(new TypeError('no stock')) })
  await crashed
  const group = { 'messaging.system': 'kafka', 'messaging.consumer.group.name': groupId }
  await vi.waitFor(async () => {
    expect(await read('kafka.consumer.crashes')).toContainEqual({
      attributes: { ...group, 'error.type': 'TypeError' },
      value: 1,
    })
  })
  const [lag] = await read('kafka.consumer.records_lag')
  expect(lag!.attributes).toEqual({
    ...group,
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
  })
  expect(lag!.value).toBeGreaterThanOrEqual(2)
  const [consumed] = await read('messaging.client.consumed.messages')
  expect(consumed).toMatchObject({
    attributes: { ...group, 'messaging.destination.name': topic },
    value: expect.any(Number),
  })
  await consumer.disconnect()
})

test('the four metrics of messaging say topic and group', async () => {
  const topic = await createTopic('four')
  const kafka = createTracedKafka({ metrics })
  const producer = await connectProducer(kafka)
  const groupId = `four-${topic}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachBatch: () => Promise.resolve() })
  await producer.send({ topic, messages: ['1', '2', '3'].map((value) => ({ value })) })
  const seriesOf = async (name: string) =>
    (await read(name)).filter(
      ({ attributes }) => attributes['messaging.destination.name'] === topic,
    )
  const group = { 'messaging.consumer.group.name': groupId }
  await vi.waitFor(async () => {
    const [processing] = await seriesOf('messaging.process.duration')
    expect(processing).toMatchObject({ attributes: group, value: { count: expect.any(Number) } })
    const [consumed] = await seriesOf('messaging.client.consumed.messages')
    expect(consumed).toMatchObject({ attributes: group, value: 3 })
  })
  const [sent] = await seriesOf('messaging.client.sent.messages')
  expect(sent!.value).toBe(3)
  const [sending] = await seriesOf('messaging.client.operation.duration')
  expect(sending).toMatchObject({
    attributes: { 'messaging.operation.name': 'send' },
    value: { count: 1 },
  })
  await consumer.disconnect()
})

test('a group of three that is joined one after the other counts each rebalance of those that were there', async () => {
  const topic = await createTopic('rebalances', 3)
  const groupId = `rebalances-${topic}`
  const kafka = createTracedKafka({ metrics })
  let heard = 0
  const assigned: number[] = []
  const consumers: Consumer[] = []
  const join = async (): Promise<void> => {
    const at = consumers.length
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50, heartbeatInterval: 100 })
    consumers.push(consumer)
    consumer.on('consumer.rebalancing', () => heard++)
    consumer.on('consumer.group_join', ({ payload }) => {
      assigned[at] = payload.memberAssignment[topic]?.length ?? 0
    })
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: () => Promise.resolve() })
  }
  const rebalances = async () =>
    (await read('kafka.consumer.rebalances')).filter(
      ({ attributes }) => attributes['messaging.consumer.group.name'] === groupId,
    )
  await join()
  await vi.waitFor(() => expect(assigned).toEqual([3]), 10_000)
  expect(await rebalances()).toEqual([])
  await join()
  await vi.waitFor(() => expect(new Set(assigned)).toEqual(new Set([1, 2])), 10_000)
  await join()
  await vi.waitFor(() => expect(assigned).toEqual([1, 1, 1]), 10_000)
  // The first was called back twice, the second once at least.
  expect(heard).toBeGreaterThanOrEqual(3)
  expect(await rebalances()).toEqual([
    {
      attributes: { 'messaging.system': 'kafka', 'messaging.consumer.group.name': groupId },
      value: heard,
    },
  ])
  await Promise.all(consumers.map((consumer) => consumer.disconnect()))
})
