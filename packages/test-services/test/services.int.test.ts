import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { Client } from 'pg'
import { describe, expect, inject, test, vi } from 'vitest'
import { answer } from '../src/answer.ts'
import { startServices } from '../src/index.ts'
import { isRunning } from '../src/process-identity.ts'
import { addressVariables, usualServices } from '../src/service.ts'

// Without the addresses of the shared servers, so that own ones are started.
const env = { ...process.env }
for (const variable of Object.values(addressVariables)) delete env[variable]

function kafkaClient(address: string): Kafka {
  return new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING })
}

async function endOffset(kafka: Kafka, topic: string): Promise<string | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  const [partition] = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return partition?.high
}

async function createTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic }] })
  await admin.disconnect()
}

async function send(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value }] })
  await producer.disconnect()
}

describe('the shared servers', () => {
  test.for(usualServices)('have a %s that answers', async (name) => {
    const address = process.env[addressVariables[name]] ?? ''
    expect(address).not.toBe('')
    await answer[name](address)
  })

  test('are provided to tests as well', () => {
    expect(inject('KAFKA_BROKERS')).toBe(process.env.KAFKA_BROKERS)
    expect(inject('REDIS_URL')).toBe(process.env.REDIS_URL)
    expect(inject('DATABASE_URL')).toBe(process.env.DATABASE_URL)
  })

  test('are taken over by a further start', async () => {
    const services = await startServices(usualServices)
    expect(services.kafka?.how).toBe('environment')
    expect(services.env).toEqual({
      KAFKA_BROKERS: process.env.KAFKA_BROKERS,
      REDIS_URL: process.env.REDIS_URL,
      DATABASE_URL: process.env.DATABASE_URL,
    })
    await services.stop()
  })

  test('carry a message, a value and a row', async () => {
    const kafka = kafkaClient(process.env.KAFKA_BROKERS ?? '')
    await createTopic(kafka, 'test-services')
    await send(kafka, 'test-services', 'hello')
    expect(await endOffset(kafka, 'test-services')).toBe('1')

    const redis = new Redis(process.env.REDIS_URL ?? '')
    await redis.set('test-services', 'hello')
    expect(await redis.get('test-services')).toBe('hello')
    redis.disconnect()

    const client = new Client(process.env.DATABASE_URL)
    await client.connect()
    const { rows } = await client.query('select $1::text as word', ['hello'])
    expect(rows).toEqual([{ word: 'hello' }])
    await client.end()
  })
})

describe('a broker of its own', () => {
  test('keeps acknowledged messages over a kill and a restart on the same port', async () => {
    const { kafka: service, stop } = await startServices(['kafka'], { env })
    const address = service?.address ?? ''
    expect(address).not.toBe(process.env.KAFKA_BROKERS)
    const kafka = kafkaClient(address)
    await createTopic(kafka, 'orders')
    await send(kafka, 'orders', 'before')
    const exited = service?.exited
    await service?.kill()
    expect((await exited)?.status).toBe(137)
    await expect(answer.kafka(address)).rejects.toThrow()
    await service?.restart()
    expect(service?.address).toBe(address)
    await vi.waitFor(() => send(kafka, 'orders', 'after'), 10_000)
    expect(await endOffset(kafka, 'orders')).toBe('2')
    await stop()
  })

  test('does not make topics that nobody created', async () => {
    const kafka = kafkaClient(process.env.KAFKA_BROKERS ?? '')
    const producer = kafka.producer({ allowAutoTopicCreation: true, retry: { retries: 0 } })
    await producer.connect()
    const message = { topic: 'nobody-created', messages: [{ value: '' }] }
    await expect(producer.send(message)).rejects.toThrow(/does not host this topic/)
    await producer.disconnect()
  })
})

test('a database keeps committed rows over a kill and a restart', async () => {
  const { postgres, stop } = await startServices(['postgres'], { env })
  const query = async (text: string): Promise<unknown[]> => {
    const client = new Client(postgres?.address)
    await client.connect()
    const { rows } = await client.query(text)
    await client.end()
    return rows
  }
  await query('create table orders as select 1 as id')
  await postgres?.kill()
  await postgres?.restart()
  expect(await query('select id from orders')).toEqual([{ id: 1 }])
  const pid = postgres?.pid ?? 0
  await stop()
  expect(isRunning(pid)).toBe(false)
})

test('two runs at once do not collide', async () => {
  const runs = await Promise.all([
    startServices(['redis', 'postgres'], { env }),
    startServices(['redis', 'postgres'], { env }),
  ])
  const addresses = runs.flatMap((run) => Object.values(run.env))
  expect(new Set(addresses).size).toBe(4)
  await Promise.all(runs.map((run) => run.stop()))
})
