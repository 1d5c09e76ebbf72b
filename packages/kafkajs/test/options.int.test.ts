// What the options ask for, on the real broker.
import { context, propagation } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { Partitioners, type Message } from 'kafkajs'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceConsumer, traceProducer, untrace } from '../src/index.ts'
import {
  connectProducer,
  createKafka,
  createTopic,
  createTracedKafka,
  runConsumer,
} from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const all = (name: string) => tracing.spans().filter((span) => span.name === name)
const countOf = (name: string, count: number) => (spans: TestSpan[]) => {
  const found = spans.filter((span) => span.name === name)
  return found.length >= count ? found : undefined
}

test('perMessage: create lets each message of a send be processed below a span of its own, which knows its place', async () => {
  const topic = await createTopic('create', 3)
  const kafka = createTracedKafka({ perMessage: 'create', capturePlacement: true })
  const producer = await connectProducer(kafka, {
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  const keys = ['a', 'b', 'c', 'd', 'e']
  await producer.send({ topic, messages: keys.map((key) => ({ key, value: 'v' })) })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, keys.length))
  const created = all(`create ${topic}`)
  const keyOf = (span: TestSpan) => span.attributes['messaging.kafka.message.key']
  expect(created.map(keyOf)).toEqual(keys)
  const [send] = all(`send ${topic}`)
  const placeOf = ({ attributes }: Pick<TestSpan, 'attributes'>) => [
    attributes['messaging.destination.partition.id'],
    attributes['messaging.kafka.offset'],
  ]
  for (const [at, create] of created.entries()) {
    const process = processed.find((span) => span.parentSpanId === create.spanId)!
    expect(keyOf(process)).toBe(keys[at])
    expect(send!.links[at]).toMatchObject({ spanId: create.spanId })
    expect(placeOf(send!.links[at] as TestSpan)).toEqual(placeOf(process))
  }
})

test.each([
  ['auto', false],
  ['preserve', true],
  ['replace', false],
] as const)(
  'headers that are passed on to a dead-letter topic as they are, existingContext %s: the first context stays is %s',
  async (existingContext, stays) => {
    const [topic, dead] = [await createTopic('orders'), await createTopic('dead')]
    const kafka = createTracedKafka({ existingContext })
    const producer = await connectProducer(kafka)
    await runConsumer(kafka, topic, {
      eachMessage: async ({ message: { key, value, headers } }) => {
        await producer.send({ topic: dead, messages: [{ key, value, headers: headers! }] })
      },
    })
    await runConsumer(kafka, dead, { eachMessage: () => Promise.resolve() })
    await producer.send({ topic, messages: [{ value: 'v' }] })
    const [buried] = await tracing.waitFor(countOf(`process ${dead}`, 1))
    await tracing.waitFor(() => tracing.unended().length === 0)
    const [first, second] = [tracing.span(`send ${topic}`), tracing.span(`send ${dead}`)]
    expect(buried!.parentSpanId).toBe(stays ? first.spanId : second.spanId)
    expect(second.parentSpanId).toBe(tracing.span(`process ${topic}`).spanId)
    expect(second.links).toMatchObject([{ spanId: first.spanId }])
    expect(new Set(tracing.spans().map((span) => span.traceId)).size).toBe(1)
  },
)

test('a relay sends what an outbox kept of two orders at once: each is processed in the trace of its own order', async () => {
  const topic = await createTopic('outbox')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  const rows = await Promise.all(
    ['order 1', 'order 2'].map((name) =>
      withSpan(name, () => {
        const headers = {}
        propagation.inject(context.active(), headers)
        return Promise.resolve(JSON.stringify({ key: name, value: 'v', headers }))
      }),
    ),
  )
  await withSpan('relay', () =>
    producer.send({ topic, messages: rows.map((row) => JSON.parse(row) as Message) }),
  )
  const processed = await tracing.waitFor(countOf(`process ${topic}`, 2))
  const orders = ['order 1', 'order 2'].map((name) => tracing.span(name).spanId)
  expect(processed.map((span) => span.parentSpanId)).toEqual(orders)
  const send = tracing.span(`send ${topic}`)
  expect(send).toMatchObject({ kind: 'CLIENT', parentSpanId: tracing.span('relay').spanId })
  expect(send.links.map((link) => link.spanId)).toEqual(orders)
})

test('relation: link starts a trace for each message, which links to its sender', async () => {
  const topic = await createTopic('relation')
  const kafka = createTracedKafka({
    relation: (message) => (String(message.value) === 'parent' ? 'parent' : 'link'),
  })
  const producer = await connectProducer(kafka)
  await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  const messages = ['link', 'parent', 'link'].map((value) => ({ value }))
  await producer.send({ topic, messages })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, 3))
  const send = tracing.span(`send ${topic}`)
  expect(processed.map((span) => span.parentSpanId)).toEqual([undefined, send.spanId, undefined])
  expect(new Set(processed.map((span) => span.traceId)).size).toBe(3)
  for (const { links } of processed) expect(links).toMatchObject([{ spanId: send.spanId }])
})

test('a topic to ignore carries no context, and nothing is traced below its handler', async () => {
  const [topic, ignored] = [await createTopic('seen'), await createTopic('ignored')]
  const kafka = createTracedKafka({ ignore: [ignored] })
  const producer = await connectProducer(kafka)
  const headers: unknown[] = []
  let handled = (): void => {}
  const whenHandled = new Promise<void>((resolve) => (handled = resolve))
  await runConsumer(kafka, [topic, ignored], {
    eachMessage: async ({ topic: from, message }) => {
      if (from !== ignored) return
      headers.push(message.headers)
      await withSpan('below', () => producer.send({ topic, messages: [{ value: 'v' }] }))
      handled()
    },
  })
  await producer.send({ topic: ignored, messages: [{ value: 'v' }] })
  await whenHandled
  await producer.send({ topic, messages: [{ value: 'last' }] })
  await tracing.waitFor(countOf(`process ${topic}`, 2))
  expect(headers).toEqual([{}])
  expect(all(`send ${topic}`)).toHaveLength(1)
  expect(tracing.spans().map((span) => span.name)).not.toContain('below')
})

test('keys by a serializer or not at all, headers by name, and attributes of what came of it', async () => {
  const topic = await createTopic('captured')
  const kafka = createTracedKafka({
    captureHeaders: ['tenant'],
    keySerializer: (key) => `#${(key as Buffer).readUInt32BE()}`,
    attributes: ({ operation, messages }) => ({ 'test.size': `${operation} ${messages.length}` }),
  })
  const quiet = createTracedKafka({ captureKey: false })
  const key = Buffer.from([0, 0, 0, 7])
  const headers = { tenant: 'acme', token: 'secret' }
  const producer = await connectProducer(kafka)
  await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  await runConsumer(quiet, topic, { eachMessage: () => Promise.resolve() })
  await producer.send({ topic, messages: [{ key, value: 'v', headers }] })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, 2))
  const send = tracing.span(`send ${topic}`)
  const captured = { 'messaging.kafka.message.key': '#7', 'messaging.header.tenant': ['acme'] }
  expect(send.attributes).toMatchObject({ ...captured, 'test.size': 'send 1' })
  const loud = processed.find((span) => 'test.size' in span.attributes)
  expect(loud!.attributes).toMatchObject({ ...captured, 'test.size': 'process 1' })
  const silent = processed.find((span) => span !== loud)
  expect(Object.keys(silent!.attributes)).not.toContain('messaging.kafka.message.key')
  expect(JSON.stringify(tracing.spans())).not.toContain('secret')
})

test('clients that were made elsewhere are traced one by one, and can be let go again', async () => {
  const topic = await createTopic('elsewhere')
  const producer = traceProducer(await connectProducer(createKafka()))
  const groupId = `elsewhere-${topic}`
  const consumer = createKafka().consumer({ groupId, maxWaitTimeInMs: 100 })
  traceConsumer(consumer, { groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let values = 0
  await consumer.run({ eachMessage: () => Promise.resolve(void values++) })
  await producer.send({ topic, messages: [{ value: 'v' }] })
  const [process] = await tracing.waitFor(countOf(`process ${topic}`, 1))
  expect(process!.parentSpanId).toBe(tracing.span(`send ${topic}`).spanId)
  expect(process!.attributes['messaging.consumer.group.name']).toBe(groupId)
  untrace(producer)
  await producer.send({ topic, messages: [{ value: 'v' }] })
  // The handler that runs is still the traced one: the message that came without a context starts a trace.
  const [, second] = await tracing.waitFor(countOf(`process ${topic}`, 2))
  expect(second!.parentSpanId).toBeUndefined()
  expect(all(`send ${topic}`)).toHaveLength(1)
  expect(values).toBe(2)
  await consumer.disconnect()
})

test('a batch that commits by itself: each commit is a span below the batch, with the offset it commits', async () => {
  const topic = await createTopic('settle')
  const kafka = createTracedKafka({ settle: true })
  const producer = await connectProducer(kafka)
  await producer.send({ topic, messages: ['1', '2', '3'].map((value) => ({ value })) })
  await runConsumer(kafka, topic, {
    autoCommit: false,
    eachBatch: async (payload) => {
      payload.resolveOffset(payload.batch.messages[1]!.offset)
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
      payload.resolveOffset(payload.batch.lastOffset())
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
    },
  })
  const [batch] = await tracing.waitFor(countOf(`process ${topic}`, 1))
  const commits = all(`commit ${topic}`)
  expect(commits.map((span) => span.attributes['messaging.kafka.offset'])).toEqual([2, 3])
  expect(commits.map((span) => span.parentSpanId)).toEqual([batch!.spanId, batch!.spanId])
})
