import { randomUUID } from 'node:crypto'
import { traceKafka } from '@throughline/kafkajs'
import { startServices } from '@throughline/test-services'
import { Kafka, logLevel } from 'kafkajs'
import { BATCH, patchByPeer } from '../kafka-subject.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

const value = 'x'.repeat(1024)
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

/** One broker and one SDK for all variants, started by the first and stopped by the last. */
let shared: ReturnType<typeof startServices> | undefined
let users = 0

function useBroker(): ReturnType<typeof startServices> {
  if (!shared) registerSdk()
  users++
  return (shared ??= startServices(['kafka']))
}

/** Sends batches to a real broker and waits until the consumer has had them all; counted are sends. */
async function throughBroker(
  wrap: (kafka: typeof Kafka) => typeof Kafka,
  trace: (kafka: Kafka) => Kafka,
  headers?: { traceparent: string },
): Promise<Subject> {
  const { kafka: broker, stop } = await useBroker()
  const Client = wrap(Kafka)
  const kafka = trace(new Client({ brokers: [broker!.address], logLevel: logLevel.NOTHING }))
  const topic = `throughput-${randomUUID()}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 10 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let arrived = 0
  let whenArrived = (): void => {}
  await consumer.run({
    eachBatch: ({ batch }) => {
      arrived += batch.messages.length
      whenArrived()
      return Promise.resolve()
    },
  })
  // Only the one whose turn it is may ask the broker for messages: to ask costs all of them.
  consumer.pause([{ topic }])
  let expected = 0
  return {
    async run(times) {
      consumer.resume([{ topic }])
      for (let sent = 0; sent < times; sent++) {
        const messages = Array.from({ length: BATCH }, (_, at) => ({
          key: `order-${at}`,
          value,
          ...(headers && { headers }),
        }))
        expected += BATCH
        // oxlint-disable-next-line no-await-in-loop
        await producer.send({ topic, messages })
      }
      await new Promise<void>((resolve) => {
        whenArrived = () => arrived >= expected && resolve()
        whenArrived()
      })
      consumer.pause([{ topic }])
    },
    async close() {
      await Promise.all([producer.disconnect(), consumer.disconnect()])
      if (--users === 0) await stop()
    },
  }
}

const same = <T>(one: T): T => one

export const question: Question = {
  title: 'Messages of 1 kB through a real broker and back, in sends and batches of 100',
  unit: 'send of 100',
  peer: 'no tracing',
  sharedServer: true,
  turns: 100,
  budgets: { '@throughline/kafkajs': 1.03 },
  variants: {
    'no tracing': () => throughBroker(same, same),
    // What kafkajs takes to write and read a header: no tracing that carries a context is without it.
    'no tracing, a header in each message': () => throughBroker(same, same, { traceparent }),
    '@throughline/kafkajs': () => throughBroker(same, traceKafka),
    '@opentelemetry/instrumentation-kafkajs': () => throughBroker(patchByPeer, same),
  },
}
