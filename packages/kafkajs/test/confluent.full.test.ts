// Confluent's kafkajs-compatible client itself. It is no dependency, since its installation compiles a library or loads
// one from elsewhere: `CKJS_LINKING=dynamic npm install @confluentinc/kafka-javascript` in a folder of its own, with the Node
// that runs this. THROUGHLINE_CONFLUENT names that folder.
import { createRequire } from 'node:module'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceKafka, traceMessage } from '../src/index.ts'
import { createTopic } from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const folder = process.env['THROUGHLINE_CONFLUENT']
let why = 'THROUGHLINE_CONFLUENT names no folder with @confluentinc/kafka-javascript installed'
const client = folder === undefined ? undefined : load(folder)
if (!client) console.warn(`confluent.full.test.ts is skipped: ${why}`)

function load(from: string): any {
  try {
    return createRequire(`${from}/`)('@confluentinc/kafka-javascript').KafkaJS
  } catch (error) {
    why = (error as Error).message.replaceAll(/\s+/g, ' ')
    return undefined
  }
}

function createKafka(options?: Parameters<typeof traceKafka>[1]): any {
  const kafkaJS = { brokers: [process.env['KAFKA_BROKERS']], logLevel: client.logLevel.NOTHING }
  return traceKafka(new client.Kafka({ kafkaJS }), options)
}

async function withClients(
  topic: string,
  handlers: object,
  use: (producer: any) => Promise<unknown>,
  options?: Parameters<typeof traceKafka>[1],
): Promise<void> {
  const kafka = createKafka(options)
  const producer = kafka.producer({ kafkaJS: {} })
  const consumer = kafka.consumer({ kafkaJS: { groupId: topic, fromBeginning: true } })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic })
  await consumer.run(handlers)
  try {
    await use(producer)
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()])
  }
}

const named = (name: string, count: number) => (spans: TestSpan[]) => {
  const found = spans.filter((span) => span.name === name)
  return found.length >= count ? found : undefined
}

const skip = !client

test.skipIf(skip)(
  'eachMessage continues the trace of its send, and the message is not written to',
  async () => {
    const topic = await createTopic('confluent')
    const messages = [{ key: 'k', value: 'v', headers: { tenant: 'acme' } }]
    const before = structuredClone(messages)
    await withClients(topic, { eachMessage: () => Promise.resolve() }, async (producer) => {
      await producer.send({ topic, messages })
      const [process] = await tracing.waitFor(named(`process ${topic}`, 1), 30_000)
      const send = tracing.span(`send ${topic}`)
      expect(process).toMatchObject({ parentSpanId: send.spanId })
      expect(process!.attributes['messaging.consumer.group.name']).toBe(topic)
      expect(process!.attributes['messaging.kafka.offset']).toBe(0)
      expect(send.attributes['messaging.destination.partition.id']).toBe('0')
    })
    expect(messages).toEqual(before)
    expect(tracing.unended()).toEqual([])
  },
  60_000,
)

test.skipIf(skip)(
  'sendBatch is traced once a topic, and eachBatch links to its senders',
  async () => {
    const topic = await createTopic('confluent-batch')
    const other = await createTopic('confluent-other')
    const eachBatch = async ({ batch }: any): Promise<void> => {
      for (const message of batch.messages) traceMessage(message, () => {})
    }
    await withClients(topic, { eachBatch }, async (producer) => {
      const topicMessages = [topic, other].map((to) => ({ topic: to, messages: [{ value: 'v' }] }))
      await producer.sendBatch({ topicMessages })
      const spans = await tracing.waitFor(named(`process ${topic}`, 2), 30_000)
      const send = tracing.span(`send ${topic}`)
      expect(tracing.span(`send ${other}`).kind).toBe('PRODUCER')
      for (const span of spans) expect(span.links[0]!.spanId).toBe(send.spanId)
    })
  },
  60_000,
)

test.skipIf(skip)(
  'a handler that throws makes its attempt an error, and the redelivery is an attempt of its own',
  async () => {
    const topic = await createTopic('confluent-redelivery')
    let attempts = 0
    const eachMessage = (): Promise<void> =>
      attempts++ === 0 ? Promise.reject(new TypeError('no stock')) : Promise.resolve()
    await withClients(topic, { eachMessage }, async (producer) => {
      await producer.send({ topic, messages: [{ value: 'v' }] })
      const spans = await tracing.waitFor(named(`process ${topic}`, 2), 30_000)
      expect(spans.map((span) => span.status)).toEqual(['ERROR', 'UNSET'])
      expect(spans[0]!.attributes['error.type']).toBe('TypeError')
      expect(spans[1]!.attributes['throughline.delivery_attempt']).toBe(2)
      const { spanId } = tracing.span(`send ${topic}`)
      expect(spans.map((span) => span.parentSpanId)).toEqual([spanId, spanId])
    })
  },
  60_000,
)

test.skipIf(skip)(
  'a transaction says how it ended',
  async () => {
    const topic = await createTopic('confluent-tx')
    const kafka = createKafka({ settle: true })
    const producer = kafka.producer({ kafkaJS: { transactionalId: `tx-${topic}` } })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'v' }] })
    await transaction.abort()
    await producer.disconnect()
    const { spanId } = tracing.span(`send ${topic}`)
    expect(tracing.span(`abort ${topic}`).links).toMatchObject([{ spanId }])
  },
  60_000,
)
