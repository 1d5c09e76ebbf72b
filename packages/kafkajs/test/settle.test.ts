import { context } from '@opentelemetry/api'
import { suppressTracing } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceConsumer, traceProducer } from '../src/index.ts'
import { createMemoryKafka, message } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'
const offset = (partition: number, of = topic) => ({ topic: of, partition, offset: '42' })

function createConsumer(settle: boolean) {
  const committed: unknown[] = []
  const { kafka, deliverBatch } = createMemoryKafka()
  const commitOffsets = (offsets?: unknown): Promise<string> => {
    committed.push(offsets)
    return Promise.resolve('committed')
  }
  const consumer = traceConsumer({ ...kafka.consumer(), commitOffsets }, { settle, groupId: 'g' })
  return { consumer, committed, deliverBatch, commitOffsets }
}

test('a commit of offsets is a CLIENT span with what was committed', async () => {
  const { consumer, committed } = createConsumer(true)
  expect(await consumer.commitOffsets([offset(1)])).toBe('committed')
  expect(committed).toEqual([[offset(1)]])
  expect(tracing.span('commit orders')).toMatchObject({
    kind: 'CLIENT',
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': '1',
      'messaging.kafka.offset': 42,
      'messaging.consumer.group.name': 'g',
    },
  })
})

test('a commit of several topics names none, and one of nothing is no span', async () => {
  const { consumer, committed } = createConsumer(true)
  await consumer.commitOffsets([offset(1), offset(2, 'other')])
  await consumer.commitOffsets()
  await consumer.commitOffsets([])
  expect(committed).toHaveLength(3)
  expect(tracing.spans().map((span) => span.name)).toEqual(['commit'])
})

test('a batch commits inside its span, and only offsets that are given make a span', async () => {
  const { consumer, deliverBatch, commitOffsets } = createConsumer(true)
  await consumer.run({
    eachBatch: async ({ commitOffsetsIfNecessary }: any) => {
      await commitOffsetsIfNecessary()
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [offset(0)] }] })
    },
  })
  const batch = { topic, partition: 0, messages: [message()] }
  await deliverBatch({ batch, commitOffsetsIfNecessary: commitOffsets })
  const process = tracing.span('process orders')
  expect(tracing.span('commit orders').parentSpanId).toBe(process.spanId)
})

test('without the option, and where tracing is suppressed, a commit is no span', async () => {
  const off = createConsumer(false)
  expect(off.consumer.commitOffsets).toBe(off.commitOffsets)
  const { consumer } = createConsumer(true)
  await context.with(suppressTracing(context.active()), () => consumer.commitOffsets([offset(1)]))
  expect(tracing.spans()).toEqual([])
})

test('a transaction says how it ended and links to what it sent', async () => {
  const { kafka } = createMemoryKafka()
  const producer = traceProducer(kafka.producer(), { settle: true })
  for (const end of ['commit', 'abort'] as const) {
    tracing.reset()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: '1' }] })
    await transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: '2' }] }] })
    await transaction[end]()
    const sends = tracing.spans().filter((span) => span.name === 'send orders')
    const span = tracing.span(`${end} orders`)
    expect(span.kind).toBe('CLIENT')
    expect(span.links.map((link) => link.spanId)).toEqual(sends.map((send) => send.spanId))
  }
})

test('offsets that a transaction sends are the group’s, and a failure is an error', async () => {
  const { kafka } = createMemoryKafka()
  const begin = kafka.producer().transaction
  const failure = new Error('fenced')
  const sendOffsets = (sent: object): Promise<never> =>
    Promise.reject(Object.assign(failure, { sent }))
  const transaction = async () => ({ ...(await begin()), sendOffsets })
  const producer = traceProducer({ ...kafka.producer(), transaction }, { settle: true })
  const begun = await producer.transaction()
  const topics = [{ topic, partitions: [{ partition: 3, offset: '42' }] }]
  await expect(begun.sendOffsets({ consumerGroupId: 'g', topics })).rejects.toBe(failure)
  expect(tracing.span('send_offsets orders')).toMatchObject({
    status: 'ERROR',
    attributes: {
      'messaging.consumer.group.name': 'g',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': 42,
    },
  })
})
