// Faults of a broker of one's own, and what takes many messages.
import { startServices, type RunningService } from '@throughline/test-services'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { traceKafka } from '../src/index.ts'
import { connectProducer, createTopic, createTracedKafka, runConsumer } from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())

let broker: RunningService
let stop: () => Promise<void>

beforeAll(async () => {
  const env = { ...process.env, KAFKA_BROKERS: '' }
  const services = await startServices(['kafka'], { env })
  broker = services.kafka!
  stop = services.stop
}, 120_000)

afterAll(async () => {
  await stop()
  await tracing.shutdown()
})

function createKafka(retries: number): Kafka {
  return traceKafka(
    new Kafka({
      brokers: [broker.address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 500,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries },
    }),
  )
}

async function createOwnTopic(topic: string): Promise<string> {
  const admin = createKafka(5).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}

const processed = (topic: string, count: number) => (spans: TestSpan[]) => {
  const found = spans.filter((span) => span.name === `process ${topic}`)
  return found.length >= count ? found : undefined
}

test('a broker that dies during a send: one span an attempt of the application, and it works when the broker is back', async () => {
  const topic = await createOwnTopic('killed-in-send')
  const kafka = createKafka(1)
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'before' }] })
  await broker.kill()
  const error = await producer
    .send({ topic, messages: [{ value: 'dead' }] })
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(Error)
  const patient = createKafka(60).producer()
  const connecting = patient.connect()
  await broker.restart()
  await connecting
  await patient.send({ topic, messages: [{ value: 'after' }] })
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(sends.map((span) => span.status)).toEqual(['UNSET', 'ERROR', 'UNSET'])
  expect(sends[1]!.attributes['error.type']).toMatch(/^KafkaJS|^ECONN/)
  expect(tracing.unended()).toEqual([])
  expect(tracing.endedTwice()).toEqual([])
  await Promise.all([producer.disconnect(), patient.disconnect()])
}, 120_000)

test('a broker that dies and comes back under a send: its retries are one span, which succeeds', async () => {
  const topic = await createOwnTopic('killed-under-send')
  const kafka = createKafka(60)
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'before' }] })
  await broker.kill()
  const sending = producer.send({ topic, messages: [{ value: 'meanwhile' }] })
  await broker.restart()
  const [metadata] = await sending
  const [, send] = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(send).toMatchObject({ status: 'UNSET' })
  expect(send!.attributes['messaging.kafka.offset']).toBe(Number(metadata!.baseOffset))
  expect(tracing.unended()).toEqual([])
  await producer.disconnect()
}, 120_000)

test('a broker that dies while a message is processed: its span ends, and the consumer goes on when the broker is back', async () => {
  const topic = await createOwnTopic('killed-in-consume')
  const kafka = createKafka(60)
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'first' }] })
  const consumer = kafka.consumer({
    groupId: 'killed',
    heartbeatInterval: 500,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(String(message.value))
      if (values.length === 1) await broker.kill()
    },
  })
  await tracing.waitFor(processed(topic, 1), 30_000)
  await broker.restart()
  await producer.send({ topic, messages: [{ value: 'second' }] })
  await tracing.waitFor(() => values.includes('second') && tracing.unended().length === 0, 90_000)
  const spans = tracing.spans()
  const of = spans.filter((span) => span.name === `process ${topic}`)
  expect(of.length).toBe(values.length)
  const sends = spans.filter((span) => span.name === `send ${topic}`)
  expect(of.at(-1)!.parentSpanId).toBe(sends.at(-1)!.spanId)
  expect(tracing.endedTwice()).toEqual([])
  await Promise.all([producer.disconnect(), consumer.disconnect()])
}, 180_000)

test('each of 10,000 messages is processed in the trace of its own send', async () => {
  const topic = await createTopic('many', 4)
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const [sends, perSend] = [500, 20]
  const bySender = new Map<string, number>()
  const senderOf = new Map<string, string>()
  await runConsumer(kafka, topic, {
    partitionsConsumedConcurrently: 4,
    eachMessage: ({ message }) => {
      bySender.set(String(message.key), (bySender.get(String(message.key)) ?? 0) + 1)
      return Promise.resolve()
    },
  })
  for (let at = 0; at < sends; at++) {
    const messages = Array.from({ length: perSend }, (_, of) => ({
      key: `${at}`,
      value: `${of}`,
      partition: of % 4,
    }))
    await producer.send({ topic, messages })
    senderOf.set(tracing.spans().findLast((span) => span.kind === 'PRODUCER')!.spanId, `${at}`)
  }
  const spans = await tracing.waitFor(processed(topic, sends * perSend), 120_000)
  expect(spans).toHaveLength(10_000)
  for (const { parentSpanId, links, attributes } of spans) {
    expect(senderOf.get(parentSpanId!)).toBe(attributes['messaging.kafka.message.key'])
    expect(links).toHaveLength(1)
  }
  expect([...bySender.values()]).toEqual(Array.from({ length: sends }, () => perSend))
  expect(tracing.unended()).toEqual([])
}, 240_000)
