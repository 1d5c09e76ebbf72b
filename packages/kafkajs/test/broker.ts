import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, type Consumer, type KafkaConfig, type Producer } from 'kafkajs'
import { afterAll } from 'vitest'
import { traceKafka, type KafkaTracingOptions } from '../src/index.ts'

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

const closing: (() => Promise<unknown>)[] = []
afterAll(async () => {
  await Promise.all(closing.map((close) => close()))
})

/** A client of the shared broker. */
export function createKafka(
  config: Partial<KafkaConfig> = {},
  Client: typeof Kafka = Kafka,
): Kafka {
  const brokers = process.env['KAFKA_BROKERS']
  if (!brokers) throw new Error('KAFKA_BROKERS is not set: run with `--project integration`')
  return new Client({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 5 },
    ...config,
  })
}

export function createTracedKafka(options?: KafkaTracingOptions): Kafka {
  return traceKafka(createKafka(), options)
}

export async function createTopic(name: string, numPartitions: number = 1): Promise<string> {
  const topic = `${name}-${randomUUID()}`
  const admin = createKafka().admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}

export async function readClusterId(kafka: Kafka): Promise<string> {
  const admin = kafka.admin()
  await admin.connect()
  const { clusterId } = await admin.describeCluster()
  await admin.disconnect()
  return clusterId
}

export async function connectProducer(
  kafka: Kafka,
  config?: Parameters<Kafka['producer']>[0],
): Promise<Producer> {
  const producer = kafka.producer(config)
  await producer.connect()
  closing.push(() => producer.disconnect())
  return producer
}

export async function runConsumer(
  kafka: Kafka,
  topics: string | string[],
  config: Parameters<Consumer['run']>[0],
): Promise<{ consumer: Consumer; groupId: string }> {
  const groupId = `group-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 500 })
  await consumer.connect()
  closing.push(() => consumer.disconnect())
  await consumer.subscribe({ topics: [topics].flat(), fromBeginning: true })
  await consumer.run(config)
  return { consumer, groupId }
}
