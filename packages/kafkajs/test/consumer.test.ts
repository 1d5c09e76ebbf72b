import { ROOT_CONTEXT, context, trace, type Attributes } from '@opentelemetry/api'
import { runDetached, withSpan } from '@throughline/core'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { traceConsumer, type ConsumerLike, type KafkaActivity } from '../src/index.ts'
import { createMemoryKafka, message, sentBy, type RunConfig } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'

async function run(config: RunConfig, options?: Parameters<typeof traceConsumer<ConsumerLike>>[1]) {
  const memory = createMemoryKafka()
  await traceConsumer(memory.kafka.consumer(), options).run(config)
  return memory
}

test('run keeps its configuration, its answer and what it is called without', async () => {
  const memory = createMemoryKafka()
  const consumer = traceConsumer(memory.kafka.consumer())
  const eachMessage = (): void => {}
  const config = Object.freeze({ eachMessage, partitionsConsumedConcurrently: 3 })
  expect(await consumer.run(config)).toBe('running')
  expect(config.eachMessage).toBe(eachMessage)
  expect(memory.runs[0]).toMatchObject({ partitionsConsumedConcurrently: 3 })
  expect(await consumer.run()).toBe('running')
})

test('handlers get the very payload, and what they answer passes through', async () => {
  const payloads: object[] = []
  const handler = (payload: object): string => {
    payloads.push(payload)
    return 'answer'
  }
  const memory = await run({ eachMessage: handler, eachBatch: handler })
  const each = { topic, partition: 0, message: message() }
  const batch = { batch: { topic, partition: 0, messages: [message()] } }
  expect(memory.deliver(each)).toBe('answer')
  expect(memory.deliverBatch(batch)).toBe('answer')
  expect(payloads[0]).toBe(each)
  expect(payloads[1]).toBe(batch)
})

test('the error of a handler reaches kafkajs as it is, thrown or rejected', async () => {
  const error = new Error('no')
  const memory = await run({
    eachMessage: () => {
      throw error
    },
    eachBatch: () => Promise.reject(error),
  })
  expect(() => memory.deliver({ topic, partition: 0, message: message() })).toThrow(error)
  const batch = { topic, partition: 0, messages: [message()] }
  await expect(memory.deliverBatch({ batch })).rejects.toBe(error)
  expect(tracing.spans().map((span) => span.status)).toEqual(['ERROR', 'ERROR'])
})

test.each([
  ['parent', 'a'.repeat(32), 1],
  ['link', undefined, 1],
  ['none', undefined, 0],
] as const)('relation %s decides on trace and link', async (relation, traceId, links) => {
  const memory = await run({ eachMessage: () => {} }, { relation: () => relation })
  memory.deliver({ topic, partition: 0, message: message({ headers: sentBy('a') }) })
  const span = tracing.span('process orders')
  expect(span.traceId === 'a'.repeat(32)).toBe(traceId !== undefined)
  expect(span.links).toHaveLength(links)
})

test('a relation that is none, or that throws, falls back to parent', async () => {
  const relations = [
    () => 'nonsense' as 'link',
    () => {
      throw new Error('hook')
    },
  ]
  for (const relation of relations) {
    const memory = await run({ eachMessage: () => {} }, { relation })
    memory.deliver({ topic, partition: 0, message: message({ headers: sentBy('a') }) })
  }
  expect(tracing.spans().map((span) => span.parentSpanId)).toEqual(['a'.repeat(16), 'a'.repeat(16)])
})

test('relation decides for each message of a batch whether the batch links to its sender', async () => {
  const memory = await run(
    { eachBatch: () => {} },
    { relation: ({ key }) => (String(key) === 'skip' ? 'none' : 'parent') },
  )
  const messages = [
    message({ headers: sentBy('a'), key: Buffer.from('skip') }),
    message({ headers: sentBy('b') }),
  ]
  memory.deliverBatch({ batch: { topic, partition: 0, messages } })
  const { links, parentSpanId } = tracing.span('process orders')
  expect(links.map((link) => link.traceId)).toEqual(['b'.repeat(32)])
  expect(parentSpanId).toBeUndefined()
})

test('messages of one sender are one link, and a batch has 128 links at most', async () => {
  const memory = await run({ eachBatch: () => {} })
  const senders = Array.from({ length: 200 }, (_, at) => {
    const span = (at + 1).toString(16).padStart(16, '0')
    return { traceparent: Buffer.from(`00-${'a'.repeat(32)}-${span}-01`) }
  })
  const messages = senders.flatMap((headers) => [message({ headers }), message({ headers })])
  memory.deliverBatch({ batch: { topic, partition: 0, messages } })
  const span = tracing.span('process orders')
  expect(new Set(span.links.map((link) => link.spanId)).size).toBe(128)
  expect(span.links).toHaveLength(128)
  expect(span.attributes['messaging.batch.message_count']).toBe(400)
})

test('an empty batch makes no span, and does not run in the context of whoever called run', async () => {
  let active: unknown
  const memory = await run({ eachBatch: () => (active = trace.getActiveSpan()) })
  withSpan('starter', () => memory.deliverBatch({ batch: { topic, partition: 0, messages: [] } }))
  expect(active).toBeUndefined()
  expect(tracing.spans().map((span) => span.name)).toEqual(['starter'])
})

test('headers that are null, missing, bytes, lists or of another kind are survived', async () => {
  const memory = await run({ eachMessage: () => {}, eachBatch: () => {} })
  const good = sentBy('a').traceparent
  const headers = [
    null,
    undefined,
    'text',
    7,
    { traceparent: null },
    { traceparent: undefined },
    { traceparent: [null, good] },
    { traceparent: [good, good] },
    { traceparent: 7 },
    { traceparent: {} },
    { traceparent: Buffer.from([0xff]) },
  ]
  const messages = headers.map((value) => message({ headers: value }))
  for (const each of messages) memory.deliver({ topic, partition: 0, message: each })
  memory.deliverBatch({ batch: { topic, partition: 0, messages } })
  const spans = tracing.spans()
  expect(spans).toHaveLength(headers.length + 1)
  expect(spans.flatMap((span) => span.links)).toEqual([])
  expect(spans.map((span) => span.parentSpanId)).toEqual(spans.map(() => undefined))
})

test('a payload that cannot be read is handled all the same, outside of any trace', async () => {
  const active: unknown[] = []
  const handler = (): void => void active.push(trace.getActiveSpan())
  const memory = await run({ eachMessage: handler, eachBatch: handler })
  withSpan('starter', () => {
    memory.deliver({})
    memory.deliver(undefined as never)
    memory.deliverBatch({})
    memory.deliverBatch({ batch: { topic, partition: 0, messages: [null] } })
  })
  expect(active).toEqual([undefined, undefined, undefined, undefined])
  expect(tracing.unended()).toEqual([])
})

test('of a message that is not recorded neither the key nor anything else is read', async () => {
  const keySerializer = vi.fn(() => 'key')
  const tracerProvider = new TracerProvider({ sampler: new AlwaysOffSampler() })
  const memory = await run({ eachMessage: () => {} }, { tracerProvider, keySerializer })
  memory.deliver({ topic, partition: 0, message: { ...message(), key: Buffer.from('order-1') } })
  expect(keySerializer).not.toHaveBeenCalled()
})

test('ignored topics are not traced, and nothing that their handlers do is', async () => {
  const suppressed: boolean[] = []
  const handler = (): void => {
    suppressed.push(isTracingSuppressed(context.active()))
    withSpan('inside', () => {})
  }
  const memory = await run({ eachMessage: handler, eachBatch: handler }, { ignore: () => true })
  memory.deliver({ topic, partition: 0, message: message() })
  memory.deliverBatch({ batch: { topic, partition: 0, messages: [message()] } })
  expect(suppressed).toEqual([true, true])
  expect(tracing.spans()).toEqual([])
})

test('where tracing is suppressed handlers are called as they are', async () => {
  const memory = await run({ eachMessage: () => 'a', eachBatch: () => 'b' })
  context.with(suppressTracing(ROOT_CONTEXT), () => {
    expect(memory.deliver({ topic, partition: 0, message: message() })).toBe('a')
    const batch = { topic, partition: 0, messages: [message()] }
    expect(memory.deliverBatch({ batch })).toBe('b')
  })
  expect(tracing.spans()).toEqual([])
})

test('group and client id are those that were given', async () => {
  const memory = await run({ eachMessage: () => {} }, { groupId: 'shipping', clientId: 'shop' })
  runDetached(() => memory.deliver({ topic, partition: 2, message: message() }))
  expect(tracing.span('process orders').attributes).toMatchObject({
    'messaging.consumer.group.name': 'shipping',
    'messaging.client.id': 'shop',
    'messaging.destination.partition.id': '2',
  })
})

test('the attributes option sees the messages and the result, or the error', async () => {
  const activities: KafkaActivity[] = []
  const attributes = (activity: KafkaActivity): Attributes => {
    activities.push(activity)
    return { 'shop.count': activity.messages.length }
  }
  const error = new Error('no')
  const memory = await run(
    { eachMessage: () => 'shipped', eachBatch: () => Promise.reject(error) },
    { attributes },
  )
  const messages = [message(), message()]
  memory.deliver({ topic, partition: 0, message: messages[0]! })
  const batch = { topic, partition: 0, messages }
  await expect(memory.deliverBatch({ batch })).rejects.toBe(error)
  expect(activities).toEqual([
    { operation: 'process', topic, messages: [messages[0]], result: 'shipped' },
    { operation: 'process', topic, messages, error },
  ])
  expect(tracing.spans().map((span) => span.attributes['shop.count'])).toEqual([1, 2])
})
