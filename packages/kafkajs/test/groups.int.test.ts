// Groups, partitions and offsets on the real broker.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { Partitioners, type Consumer, type EachBatchPayload } from 'kafkajs'
import { afterAll, afterEach, expect, test } from 'vitest'
import { connectProducer, createTopic, createTracedKafka, runConsumer } from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const processed = (topic: string, count: number) => (spans: TestSpan[]) => {
  const found = spans.filter((span) => span.name === `process ${topic}`)
  return found.length >= count ? found : undefined
}

const valuesOf = (count: number, partition: number = 0) =>
  Array.from({ length: count }, (_, at) => ({ value: `${at}`, partition }))

test('capturePlacement says where each message of a send over four partitions really went', async () => {
  const topic = await createTopic('placement', 4)
  const kafka = createTracedKafka({ capturePlacement: true })
  const producer = await connectProducer(kafka, {
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  const arrived = new Map<string, string>()
  await runConsumer(kafka, topic, {
    eachMessage: ({ partition, message }) => {
      arrived.set(String(message.key), `${partition}:${message.offset}`)
      return Promise.resolve()
    },
  })
  const keys = Array.from({ length: 12 }, (_, at) => `key-${at}`)
  const messages = keys.map((key) => ({ key, value: 'v' }))
  await producer.send({ topic, messages })
  await producer.send({ topic, messages })
  await tracing.waitFor(processed(topic, 24))
  const [, second] = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(new Set([...arrived.values()].map((place) => place[0])).size).toBeGreaterThan(1)
  expect(second!.attributes['throughline.kafka.placements']).toEqual(
    keys.map((key) => arrived.get(key)),
  )
})

test('acks: 0 is a send that knows its topic and no place', async () => {
  const topic = await createTopic('acks-0')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  expect(await producer.send({ topic, acks: 0, messages: [{ value: 'v' }] })).toEqual([])
  const [process] = await tracing.waitFor(processed(topic, 1))
  const send = tracing.span(`send ${topic}`)
  expect(send).toMatchObject({ status: 'UNSET', spanId: process!.parentSpanId })
  expect(send.attributes['messaging.kafka.offset']).toBeUndefined()
})

test('partitions that are consumed at the same time do not mix their contexts', async () => {
  const topic = await createTopic('concurrent', 3)
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  let running = 0
  let most = 0
  let letGo = (): void => {}
  const together = new Promise<void>((resolve) => (letGo = resolve))
  for (const partition of [0, 1, 2]) {
    await producer.send({ topic, messages: [{ value: 'v', partition }] })
  }
  await runConsumer(kafka, topic, {
    partitionsConsumedConcurrently: 3,
    eachMessage: async () => {
      most = Math.max(most, ++running)
      if (running === 3) letGo()
      await together
      await producer.send({ topic: `${topic}-done`, messages: [{ value: 'v' }] })
      running--
    },
  })
  const spans = await tracing.waitFor(processed(topic, 3))
  expect(most).toBe(3)
  const done = tracing.spans().filter((span) => span.name === `send ${topic}-done`)
  expect(new Set(done.map((span) => span.parentSpanId))).toEqual(
    new Set(spans.map((span) => span.spanId)),
  )
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(3)
})

test('a paused partition makes no span until it is resumed', async () => {
  const topic = await createTopic('pause')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  let resume = (): void => {}
  let paused = (): void => {}
  const whenPaused = new Promise<void>((resolve) => (paused = resolve))
  await runConsumer(kafka, topic, {
    eachMessage: (payload) => {
      if (String(payload.message.value) === '0') {
        resume = payload.pause()
        paused()
      }
      return Promise.resolve()
    },
  })
  await producer.send({ topic, messages: valuesOf(2) })
  await whenPaused
  const [first] = await tracing.waitFor(processed(topic, 1))
  expect(first!.attributes['messaging.kafka.offset']).toBe(0)
  expect(processed(topic, 2)(tracing.spans())).toBeUndefined()
  resume()
  const both = await tracing.waitFor(processed(topic, 2))
  expect(both[1]!.attributes['messaging.kafka.offset']).toBe(1)
})

test('autoCommit off: what is not committed is delivered again, and the commit is a span where it is asked for', async () => {
  const topic = await createTopic('manual')
  const kafka = createTracedKafka({ settle: true })
  const producer = await connectProducer(kafka)
  await producer.send({ topic, messages: valuesOf(2) })
  const groupId = `manual-${topic}`
  const start = async (commits: boolean): Promise<Consumer> => {
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const offset = String(Number(message.offset) + 1)
        if (commits) await consumer.commitOffsets([{ topic, partition, offset }])
      },
    })
    return consumer
  }
  const first = await start(false)
  await tracing.waitFor(processed(topic, 2))
  await first.disconnect()
  const second = await start(true)
  const spans = await tracing.waitFor(processed(topic, 4))
  await second.disconnect()
  expect(spans.map((span) => span.attributes['messaging.kafka.offset'])).toEqual([0, 1, 0, 1])
  const commits = tracing.spans().filter((span) => span.name === `commit ${topic}`)
  expect(commits.map((span) => span.attributes['messaging.kafka.offset'])).toEqual([1, 2])
  expect(commits.map((span) => span.parentSpanId)).toEqual(spans.slice(2).map((s) => s.spanId))
})

/** Rejects when the broker answers that the group rebalances. */
async function heartbeatUntilRebalance(payload: EachBatchPayload): Promise<never> {
  for (;;) {
    await nextTurn()
    await payload.heartbeat()
  }
}

test('a group of three that rebalances in the middle of a batch: every attempt is a span that ends once', async () => {
  const topic = await createTopic('rebalance', 3)
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const groupId = `rebalance-${topic}`
  const handled = new Set<string>()
  let joining: Promise<unknown> | undefined
  const consumers: Consumer[] = []
  const join = async (): Promise<void> => {
    const consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: 50,
      heartbeatInterval: 100,
      sessionTimeout: 6000,
    })
    consumers.push(consumer)
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachBatch: async (payload) => {
        const { batch } = payload
        for (const message of batch.messages) {
          await payload.heartbeat()
          handled.add(`${batch.partition}:${message.offset}`)
          payload.resolveOffset(message.offset)
          // The others join while the first batch is half done.
          if (joining) continue
          joining = Promise.all([join(), join()])
          await heartbeatUntilRebalance(payload)
        }
      },
    })
  }
  for (const partition of [0, 1, 2]) {
    await producer.send({ topic, messages: valuesOf(20, partition) })
  }
  await join()
  await tracing.waitFor(() => handled.size === 60 && tracing.unended().length === 0, 20_000)
  await joining
  const spans = tracing.spans().filter((span) => span.name === `process ${topic}`)
  expect(spans[0]).toMatchObject({
    status: 'ERROR',
    attributes: { 'error.type': 'REBALANCE_IN_PROGRESS' },
  })
  expect(tracing.endedTwice()).toEqual([])
  for (const span of spans) {
    expect(span.attributes).toMatchObject({ 'messaging.consumer.group.name': groupId })
    expect(span.parentSpanId).toBeUndefined()
  }
  await Promise.all(consumers.map((consumer) => consumer.disconnect()))
})

test('an aborted transaction: a read-committed consumer sees nothing of it, and the spans say how it ended', async () => {
  const topic = await createTopic('abort')
  const kafka = createTracedKafka({ settle: true })
  const producer = await connectProducer(kafka, {
    transactionalId: `tx-${topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  const seen: string[] = []
  const { groupId } = await runConsumer(kafka, topic, {
    eachMessage: ({ message }) => Promise.resolve(void seen.push(String(message.value))),
  })
  const aborted = await producer.transaction()
  await aborted.send({ topic, messages: [{ value: 'aborted' }] })
  await aborted.abort()
  const committed = await producer.transaction()
  await committed.send({ topic, messages: [{ value: 'committed' }] })
  const partitions = [{ partition: 0, offset: '1' }]
  await committed.sendOffsets({ consumerGroupId: `${groupId}-tx`, topics: [{ topic, partitions }] })
  await committed.commit()
  const [process] = await tracing.waitFor(processed(topic, 1))
  expect(seen).toEqual(['committed'])
  const [first, second] = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(process!.parentSpanId).toBe(second!.spanId)
  expect(tracing.span(`abort ${topic}`).links).toMatchObject([{ spanId: first!.spanId }])
  expect(tracing.span(`commit ${topic}`).links).toMatchObject([{ spanId: second!.spanId }])
  expect(tracing.span(`send_offsets ${topic}`).attributes).toMatchObject({
    'messaging.consumer.group.name': `${groupId}-tx`,
    'messaging.kafka.offset': 1,
  })
})

test('headers of every kind are survived, also a megabyte of them', async () => {
  const topic = await createTopic('malformed')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const mega = Buffer.alloc(1_000_000, 'a')
  const all: Record<string, any>[] = [
    { traceparent: mega },
    { traceparent: ['00-a', '00-b'] },
    { traceparent: Buffer.from([0xff, 0xfe, 0]) },
    { traceparent: '' },
    { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` },
    { tracestate: mega.subarray(0, 900_000), baggage: mega.subarray(0, 50_000) },
    Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`h${at}`, 'v'])),
  ]
  const payloads: number[] = []
  await runConsumer(kafka, topic, {
    eachMessage: ({ message }) => Promise.resolve(void payloads.push(message.value!.length)),
  })
  for (const headers of all) await producer.send({ topic, messages: [{ value: 'v', headers }] })
  const spans = await tracing.waitFor(processed(topic, all.length))
  expect(payloads).toEqual(all.map(() => 1))
  expect(spans.map((span) => span.status)).toEqual(all.map(() => 'UNSET'))
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(sends.map((span) => span.status)).toEqual(all.map(() => 'UNSET'))
  expect(spans.map((span) => span.parentSpanId)).toEqual(sends.map((span) => span.spanId))
})
