import { withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceKafka, type KafkaActivity, type KafkaTracingOptions } from '../src/index.ts'
import { createMemoryKafka, sentBy } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'

function start(options: KafkaTracingOptions, config?: object) {
  const memory = createMemoryKafka()
  return { ...memory, producer: traceKafka(memory.kafka, options).producer(config) }
}

const contextsOf = (sent: any): string[] =>
  sent.messages.map((message: any) => message.headers.traceparent.slice(36, 52))

test('perMessage: create gives each message a span whose context it carries, and the send links to them', async () => {
  const { producer, sent } = start({ perMessage: 'create' })
  await withSpan('nightly', () =>
    producer.send({
      topic,
      messages: [
        { key: 'a', value: '1' },
        { key: 'b', value: null },
      ],
    }),
  )
  const creates = tracing.spans().filter((span) => span.name === 'create orders')
  const send = tracing.span('send orders')
  const nightly = tracing.span('nightly').spanId
  expect([...creates, send].map((span) => span.parentSpanId)).toEqual([nightly, nightly, nightly])
  expect([...creates, send].map((span) => span.kind)).toEqual(['PRODUCER', 'PRODUCER', 'CLIENT'])
  expect(contextsOf(sent[0])).toEqual(creates.map((span) => span.spanId))
  expect(send.links.map((link) => link.spanId)).toEqual(creates.map((span) => span.spanId))
  expect(creates[1]!.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
    'messaging.destination.name': topic,
    'messaging.kafka.message.key': 'b',
    'messaging.kafka.message.tombstone': true,
  })
})

test('perMessage: create makes none for a single message, nor for one with a context of its own', async () => {
  const { producer, sent } = start({ perMessage: 'create' })
  await producer.send({ topic, messages: [{ value: '1' }] })
  expect(tracing.spans().map((span) => span.name)).toEqual(['send orders'])
  tracing.reset()
  const headers = { traceparent: sentBy('a').traceparent.toString() }
  await producer.send({ topic, messages: [{ value: '1', headers }, { value: '2' }] })
  const create = tracing.span('create orders')
  expect(contextsOf(sent[1])).toEqual(['a'.repeat(16), create.spanId])
  const links = tracing.span('send orders').links.map((link) => link.spanId)
  expect(links).toEqual(['a'.repeat(16), create.spanId])
})

test('perMessage: create links the send to 128 messages at most, also when it fails', async () => {
  const { producer, answerWith } = start({ perMessage: 'create' })
  answerWith(() => Promise.reject(new Error('no')))
  const messages = Array.from({ length: 200 }, () => ({ value: 'v' }))
  await expect(producer.send({ topic, messages })).rejects.toThrow('no')
  expect(tracing.span('send orders')).toMatchObject({ status: 'ERROR' })
  expect(tracing.span('send orders').links).toHaveLength(128)
  expect(tracing.unended()).toEqual([])
})

const entry = (partition: number, baseOffset: string, topicName = topic) => ({
  topicName,
  partition,
  baseOffset,
})

test('capturePlacement tells partition and offset of each message, by the partitioner', async () => {
  const activities: KafkaActivity[] = []
  const createPartitioner =
    () =>
    ({ message }: any) =>
      Number(message.key)
  const { producer, answerWith } = start(
    {
      capturePlacement: true,
      attributes: (activity) => {
        activities.push(activity)
        return undefined
      },
    },
    { createPartitioner },
  )
  answerWith(() => Promise.resolve([entry(1, '40'), entry(0, '7'), entry(1, '3', 'other')]))
  const messages = ['0', '1', '1', '0'].map((key) => ({ key, value: 'v' }))
  await producer.send({ topic, messages })
  const places = ['0:7', '1:40', '1:41', '0:8']
  expect(tracing.span('send orders').attributes['throughline.kafka.placements']).toEqual(places)
  expect(activities[0]!.placements).toEqual(
    places.map((place) => ({ partition: Number(place[0]), offset: place.slice(2) })),
  )
})

test('capturePlacement needs no partitioner where all went to one partition', async () => {
  const { producer, answerWith } = start({ capturePlacement: true, perMessage: 'create' })
  answerWith(() => Promise.resolve([entry(2, '9007199254740990')]))
  await producer.send({ topic, messages: [{ value: '1' }, { value: '2' }, { value: '3' }] })
  expect(tracing.span('send orders').links.map((link) => link.attributes)).toEqual([
    { 'messaging.destination.partition.id': '2', 'messaging.kafka.offset': 9007199254740990 },
    { 'messaging.destination.partition.id': '2', 'messaging.kafka.offset': 9007199254740991 },
    { 'messaging.destination.partition.id': '2' }, // more than a number can hold
  ])
})

test('capturePlacement says nothing where it knows nothing: acks 0, no partitioner', async () => {
  const { producer, answerWith } = start({ capturePlacement: true })
  const messages = [{ value: '1' }, { value: '2' }]
  await producer.send({ topic, messages, acks: 0 })
  answerWith(() => Promise.resolve([entry(0, '1'), entry(1, '1')]))
  await producer.send({ topic, messages })
  for (const span of tracing.spans()) {
    expect(span.attributes['throughline.kafka.placements']).toEqual(['', ''])
  }
})

test('keySerializer names binary keys, and a fault in it costs the attribute alone', async () => {
  const { producer } = start({
    keySerializer: (key, to) => {
      if (typeof key === 'string') throw new Error('text')
      return `${to} ${(key as Buffer).readUInt32BE()}`
    },
  })
  for (const key of [Buffer.from([0, 0, 0, 5]), 'text']) {
    await producer.send({ topic, messages: [{ key, value: 'v' }] })
  }
  const keys = tracing.spans().map((span) => span.attributes['messaging.kafka.message.key'])
  expect(keys).toEqual(['orders 5', undefined])
})

test('topics to ignore can be a list', async () => {
  const { producer } = start({ ignore: ['audit'] })
  await producer.send({ topic: 'audit', messages: [{ value: 'v' }] })
  await producer.send({ topic, messages: [{ value: 'v' }] })
  expect(tracing.spans().map((span) => span.name)).toEqual(['send orders'])
})
