import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceConsumer, traceKafka, traceMessage, untrace } from '../src/index.ts'
import { createMemoryKafka, message } from './memory-kafka.ts'

const tracing = createTestTracing()
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const readers: PeriodicExportingMetricReader[] = []
afterEach(() => {
  tracing.reset()
  exporter.reset()
})
afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.shutdown()))
  await tracing.shutdown()
})

const topic = 'orders'

function createMeter() {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 })
  readers.push(reader)
  const provider = new MeterProvider({ readers: [reader] })
  /** What was measured: instrument, attributes and value, a count for a histogram. */
  const read = async () => {
    exporter.reset()
    await reader.forceFlush()
    const all = exporter.getMetrics().flatMap((data) => data.scopeMetrics)
    return all
      .flatMap((scope) => scope.metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          name: descriptor.name,
          unit: descriptor.unit,
          attributes,
          value: typeof value === 'number' ? value : (value as { count: number }).count,
        })),
      )
  }
  return { provider, read }
}

const common = { 'messaging.system': 'kafka', 'messaging.destination.name': topic }
const operation = (name: string, type = name) => ({
  ...common,
  'messaging.operation.name': name,
  'messaging.operation.type': type,
})

test('sends and deliveries are counted and timed, by topic and group, a call at a time', async () => {
  const { provider, read } = createMeter()
  const memory = createMemoryKafka()
  const kafka = traceKafka(memory.kafka, { metrics: provider })
  await kafka.producer().send({ topic, messages: [{ value: 1 }, { value: 2 }, { value: 3 }] })
  memory.answerWith(() => Promise.reject(new TypeError('no')))
  await kafka
    .producer()
    .send({ topic, messages: [{ value: 1 }] })
    .catch(() => {})
  await kafka.consumer({ groupId: 'g' }).run({
    eachMessage: () => {},
    eachBatch: ({ batch }: any) => traceMessage(batch.messages[0], () => {}),
  })
  memory.deliver({ topic, partition: 0, message: message() })
  memory.deliverBatch({ batch: { topic, partition: 0, messages: [message(), message()] } })
  const measured = await read()
  const process = { ...operation('process'), 'messaging.consumer.group.name': 'g' }
  const failed = { ...operation('send'), 'error.type': 'TypeError' }
  const expected = [
    ['messaging.client.operation.duration', 's', operation('send'), 1],
    ['messaging.client.operation.duration', 's', failed, 1],
    ['messaging.client.sent.messages', '{message}', operation('send'), 3],
    ['messaging.client.sent.messages', '{message}', failed, 1],
    ['messaging.client.consumed.messages', '{message}', process, 3],
    // One of the message, one of the batch, one of the message within it.
    ['messaging.process.duration', 's', process, 3],
  ]
  expect(
    measured.map(({ name, unit, attributes, value }) => [name, unit, attributes, value]),
  ).toEqual(expect.arrayContaining(expected))
  expect(measured).toHaveLength(expected.length)
})

test('where only metrics are on, commits are timed and make no span', async () => {
  const { provider, read } = createMeter()
  const commitOffsets = (offsets: object): Promise<object> => Promise.resolve(offsets)
  const consumer = { ...createMemoryKafka().kafka.consumer(), commitOffsets }
  traceConsumer(consumer, { metrics: provider, groupId: 'g' })
  await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }])
  expect(tracing.spans()).toEqual([])
  expect(await read()).toMatchObject([
    {
      name: 'messaging.client.operation.duration',
      attributes: { ...operation('commit', 'settle'), 'messaging.consumer.group.name': 'g' },
    },
  ])
})

function createEmitter() {
  const listeners = new Map<string, (event: object) => void>()
  const events = {
    START_BATCH_PROCESS: 'start',
    END_BATCH_PROCESS: 'end',
    REBALANCING: 'rebalancing',
    CRASH: 'crash',
  }
  const on = (name: string, listener: (event: object) => void) => {
    listeners.set(name, listener)
    return () => listeners.delete(name)
  }
  const emit = (name: string, payload: object) => listeners.get(name)?.({ payload })
  const consumer = { ...createMemoryKafka().kafka.consumer(), events, on }
  return { consumer, emit, listeners }
}

test('lag, rebalances and crashes come from kafkajs’s own events', async () => {
  const { provider, read } = createMeter()
  const { consumer, emit, listeners } = createEmitter()
  traceConsumer(consumer, { metrics: provider, groupId: 'g' })
  const place = { topic, partition: 2, offsetLagLow: '70', offsetLag: '7' }
  const lag = {
    name: 'kafka.consumer.records_lag',
    attributes: {
      ...common,
      'messaging.consumer.group.name': 'g',
      'messaging.destination.partition.id': '2',
    },
  }
  emit('start', place)
  expect(await read()).toMatchObject([{ ...lag, value: 70 }])
  emit('end', place)
  emit('rebalancing', {})
  emit('crash', {
    error: Object.assign(new Error('no'), { name: 'KafkaJSProtocolError', type: 'FENCED' }),
  })
  const group = { 'messaging.system': 'kafka', 'messaging.consumer.group.name': 'g' }
  expect(await read()).toMatchObject([
    { ...lag, value: 7 },
    { name: 'kafka.consumer.rebalances', attributes: group, value: 1 },
    { name: 'kafka.consumer.crashes', attributes: { ...group, 'error.type': 'FENCED' }, value: 1 },
  ])
  untrace(consumer)
  expect(listeners.size).toBe(0)
})

test('without metrics nothing listens', () => {
  const { consumer, listeners } = createEmitter()
  traceConsumer(consumer)
  expect(listeners.size).toBe(0)
})
