import { randomUUID } from 'node:crypto'
import { traceKafka } from '@throughline/kafkajs'
import { startServices } from '@throughline/test-services'
import { Kafka, logLevel } from 'kafkajs'
import { BATCH } from '../kafka-subject.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

/** Sends batches to a real broker and waits until the consumer has had them all. */
async function throughBroker(traced: boolean): Promise<Subject> {
  if (traced) registerSdk()
  const { kafka: broker, stop } = await startServices(['kafka'])
  const client = new Kafka({ brokers: [broker!.address], logLevel: logLevel.NOTHING })
  const kafka = traced ? traceKafka(client) : client
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
  let expected = 0
  return {
    async run(times) {
      for (let sent = 0; sent < times; sent += BATCH) {
        const messages = Array.from({ length: BATCH }, (_, at) => ({
          key: `order-${at}`,
          value: '{"id":"order-1"}',
        }))
        expected += BATCH
        // oxlint-disable-next-line no-await-in-loop
        await producer.send({ topic, messages })
      }
      await new Promise<void>((resolve) => {
        whenArrived = () => arrived >= expected && resolve()
        whenArrived()
      })
    },
    async close() {
      await Promise.all([producer.disconnect(), consumer.disconnect()])
      await stop()
    },
  }
}

export const question: Question = {
  title: 'Messages through a real broker and back, in sends and batches of 100',
  unit: 'message',
  peer: 'no tracing',
  budgets: { '@throughline/kafkajs': 1.03 },
  variants: {
    'no tracing': () => throughBroker(false),
    '@throughline/kafkajs': () => throughBroker(true),
  },
}
