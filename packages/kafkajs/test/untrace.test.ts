import { createTestTracing } from '@throughline/testing'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { traceConsumer, traceKafka, traceProducer, untrace } from '../src/index.ts'
import { createMemoryKafka } from './memory-kafka.ts'

beforeAll(() => vi.stubEnv('KAFKAJS_NO_PARTITIONER_WARNING', '1'))
const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

test('an untraced client is as it was, and can be traced again', async () => {
  const kafka = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
  expect(untrace(traceKafka(kafka))).toBe(kafka)
  expect(Object.hasOwn(kafka, 'producer')).toBe(false)
  const { kafka: memory, sent } = createMemoryKafka()
  const producer = memory.producer()
  const before = { ...producer }
  untrace(traceProducer(producer, { settle: true }))
  expect(producer).toEqual(before)
  await producer.send({ topic: 'orders', messages: [{ value: 'v' }] })
  expect(sent[0].messages).toEqual([{ value: 'v' }])
  expect(tracing.spans()).toEqual([])
  await traceProducer(producer).send({ topic: 'orders', messages: [{ value: 'v' }] })
  expect(tracing.spans()).toHaveLength(1)
  const consumer = memory.consumer()
  const { run } = consumer
  expect(untrace(traceConsumer(consumer)).run).toBe(run)
})

test('what somebody wrapped after us stays, and what was never traced is left alone', () => {
  const { kafka } = createMemoryKafka()
  const producer = traceProducer(kafka.producer())
  const traced = producer.send
  const later = (record: object): Promise<unknown> => traced(record)
  producer.send = later
  expect(untrace(producer).send).toBe(later)
  const plain = kafka.producer()
  const before = { ...plain }
  expect(untrace(plain)).toEqual(before)
})
