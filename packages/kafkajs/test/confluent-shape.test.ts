import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceKafka } from '../src/index.ts'
import { message } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

// The ways in which Confluent's client is not kafkajs: classes with private fields, a `sendBatch` that calls `send`, a
// producer that is its own transaction, messages that are written to. `confluent.full.test.ts` runs the client itself.
class Producer {
  #sent: any[] = []

  sent(): any[] {
    return this.#sent
  }

  async send(record: any): Promise<object[]> {
    this.#sent.push(record)
    for (const sent of record.messages) {
      sent.value = Buffer.from(sent.value)
      sent.headers = Object.entries(sent.headers ?? {}).map(([key, value]) => ({ [key]: value }))
    }
    const [first] = this.#sent
    return [{ topicName: first.topic, partition: 0, baseOffset: '0' }]
  }

  async sendBatch({ topicMessages }: any): Promise<object[]> {
    return (await Promise.all(topicMessages.map((one: any) => this.send(one)))).flat()
  }

  async transaction(): Promise<this> {
    return this
  }

  commit(): Promise<void> {
    return Promise.resolve(void this.#sent)
  }

  abort(): Promise<void> {
    return Promise.resolve(void this.#sent)
  }
}

class Consumer {
  #config: any

  run(config: object): Promise<void> {
    this.#config = config
    return Promise.resolve()
  }

  deliver(payload: object): unknown {
    return (this.#config.eachMessage ?? this.#config.eachBatch)(payload)
  }
}

class ConfluentKafka {
  #made = new Set<object>()

  producer(_config?: object): Producer {
    return this.#make(new Producer())
  }

  consumer(_config?: object): Consumer {
    return this.#make(new Consumer())
  }

  #make<T extends object>(client: T): T {
    if (this.#made.has(client)) throw new Error('made before')
    this.#made.add(client)
    return client
  }
}

test('its classes stay what they are, and its messages are not written to', async () => {
  const kafka = traceKafka(new ConfluentKafka())
  const producer = kafka.producer()
  expect(kafka).toBeInstanceOf(ConfluentKafka)
  expect(producer).toBeInstanceOf(Producer)
  expect(Object.keys(producer)).toEqual([])
  const record = { topic: 'orders', messages: [{ value: 'v' }] }
  await producer.send(record)
  expect(record).toEqual({ topic: 'orders', messages: [{ value: 'v' }] })
  const span = tracing.span('send orders')
  expect(producer.sent()[0].messages[0].headers).toEqual([
    { traceparent: `00-${span.traceId}-${span.spanId}-01` },
  ])
})

test('a sendBatch that calls send is traced once', async () => {
  const producer = traceKafka(new ConfluentKafka()).producer()
  const topicMessages = ['a', 'b'].map((topic) => ({ topic, messages: [{ value: 'v' }] }))
  await producer.sendBatch({ topicMessages })
  expect(tracing.spans().map((span) => span.name)).toEqual(['send a', 'send b'])
  await producer.send(topicMessages[0])
  expect(tracing.spans()).toHaveLength(3)
})

test('a producer that is its own transaction is traced once, transaction after transaction', async () => {
  const producer = traceKafka(new ConfluentKafka(), { settle: true }).producer()
  for (const end of ['commit', 'abort'] as const) {
    const transaction = await producer.transaction()
    expect(transaction).toBe(producer)
    await transaction.send({ topic: 'orders', messages: [{ value: 'v' }] })
    await transaction[end]()
  }
  const [sent, commit, resent, abort] = tracing.spans()
  expect([commit!.name, abort!.name]).toEqual(['commit orders', 'abort orders'])
  expect(commit!.links).toMatchObject([{ spanId: sent!.spanId }])
  expect(abort!.links).toMatchObject([{ spanId: resent!.spanId }])
})

test.each([[{ kafkaJS: { groupId: 'g' } }], [{ 'group.id': 'g' }]])(
  'it knows the group of a consumer by %j',
  async (config) => {
    const consumer = traceKafka(new ConfluentKafka(), { metrics: true }).consumer(config)
    let given: unknown
    await consumer.run({ eachMessage: (payload: unknown) => (given = payload) })
    const payload = { topic: 'orders', partition: 0, message: message() }
    consumer.deliver(payload)
    expect(given).toBe(payload)
    expect(tracing.span('process orders').attributes['messaging.consumer.group.name']).toBe('g')
  },
)
