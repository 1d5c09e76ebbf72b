import { ProxyTracerProvider, context, trace, type Attributes } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { suppressTracing } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { Kafka, KafkaJSNonRetriableError, logLevel, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { traceKafka, traceProducer, type KafkaActivity } from '../src/index.ts'
import { createMemoryKafka, sentBy } from './memory-kafka.ts'

beforeAll(() => vi.stubEnv('KAFKAJS_NO_PARTITIONER_WARNING', '1'))
const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'

function createProducer(options?: Parameters<typeof traceProducer>[1]) {
  const memory = createMemoryKafka()
  return { ...memory, producer: traceProducer(memory.kafka.producer(), options) }
}

/** kafkajs itself, never connected: enough for what it rejects before it needs a broker. */
function createRealProducer(): Producer {
  return new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }).producer()
}

test.each([
  ['no messages', { topic }],
  ['messages that are no list', { topic, messages: 'a' }],
  ['a message that is null', { topic, messages: [null] }],
  ['a message without a value', { topic, messages: [{ key: 'secret' }] }],
  ['no topic', { messages: [{ value: 'v' }] }],
  ['no record', undefined],
  ['null', null],
])('%s: kafkajs rejects it as it would without us, and there is no span', async (_, record) => {
  const producer = createRealProducer()
  const untraced = await producer.send(record as never).catch((error: unknown) => error)
  const traced = await traceProducer(producer)
    .send(record as never)
    .catch((error: unknown) => error)
  expect(traced).toBeInstanceOf(Error)
  expect(String(traced)).toBe(String(untraced))
  expect(tracing.spans()).toEqual([])
})

test('a malformed entry of sendBatch reaches kafkajs as it is', async () => {
  const producer = traceProducer(createRealProducer())
  const topicMessages = [{ topic: '', messages: [{ value: 'v' }] }]
  await expect(producer.sendBatch({ topicMessages })).rejects.toThrow('Invalid topic')
  await expect(producer.sendBatch({ topicMessages: 7 } as never)).rejects.toThrow(TypeError)
  expect(tracing.spans()).toEqual([])
})

test('a rejection of kafkajs reaches the caller and makes the span an error', async () => {
  const producer = traceProducer(createRealProducer())
  const sending = producer.send({ topic, messages: [{ value: 'v' }] })
  await expect(sending).rejects.toThrow('The producer is disconnected')
  expect(tracing.span('send orders')).toMatchObject({
    status: 'ERROR',
    attributes: { 'error.type': 'KafkaJSError' },
  })
})

test('headers that kafkajs cannot send stay as they are', async () => {
  const { producer, sent } = createProducer()
  const messages = [
    { value: 'a', headers: null },
    { value: 'b', headers: 'text' },
    { value: 'c', headers: [{ d: 'e' }] },
  ]
  await producer.send({ topic, messages })
  expect(sent[0].messages).toEqual(messages)
})

test('the record, its messages and their headers are copied, not written to', async () => {
  const { producer, sent } = createProducer()
  const headers = { tenant: 'acme', list: ['a', new Uint8Array([98])] }
  const record = { topic, acks: 1, messages: [{ key: 'k', value: 'v', timestamp: '7', headers }] }
  const before = structuredClone(record)
  await producer.send(record)
  expect(record).toEqual(before)
  const { spanId } = tracing.span('send orders')
  expect(sent[0]).toEqual({
    ...record,
    messages: [
      {
        ...record.messages[0],
        headers: { ...headers, traceparent: expect.stringContaining(spanId) },
      },
    ],
  })
})

test('messages that are instances of a class keep what they compute', async () => {
  class Placed {
    readonly #id = 'order-1'
    get key() {
      return this.#id
    }
    get value() {
      return `placed ${this.#id}`
    }
  }
  const { producer, sent } = createProducer()
  await producer.send({ topic, messages: [new Placed()] })
  expect(sent[0].messages[0]).toMatchObject({ key: 'order-1', value: 'placed order-1' })
  expect(sent[0].messages[0].headers).toHaveProperty('traceparent')
})

test('all messages of a send carry the context of its one span', async () => {
  const { producer, sent } = createProducer()
  const messages = Array.from({ length: 3 }, (_, at) => ({ value: String(at) }))
  await producer.send({ topic, messages })
  const span = tracing.span('send orders')
  expect(span.attributes['messaging.batch.message_count']).toBe(3)
  const carried = sent[0].messages.map((message: any) => message.headers.traceparent)
  expect(carried).toEqual(messages.map(() => `00-${span.traceId}-${span.spanId}-01`))
})

test('entries of sendBatch for the same topic are one send, as kafkajs merges them', async () => {
  const { producer, sent } = createProducer()
  await producer.sendBatch({
    topicMessages: [
      { topic, messages: [{ value: '1' }] },
      { topic, messages: [{ value: '2' }] },
    ],
  })
  expect(tracing.span('send orders').attributes['messaging.batch.message_count']).toBe(2)
  expect(sent[0].topicMessages).toHaveLength(2)
})

test('the partition is recorded where all messages went to one, the offset of a single message too', async () => {
  const { producer, answerWith } = createProducer()
  const entry = (partition: number, baseOffset: string) => ({
    topicName: topic,
    partition,
    baseOffset,
  })
  const answers = [
    [entry(3, '41')],
    [entry(3, '42')],
    [entry(0, '1'), entry(1, '1')],
    [],
    undefined,
  ]
  const counts = [1, 2, 2, 1, 1]
  for (const [at, answer] of answers.entries()) {
    answerWith(() => Promise.resolve(answer))
    const messages = Array.from({ length: counts[at]! }, () => ({ value: 'v' }))
    expect(await producer.send({ topic, messages })).toBe(answer)
  }
  const places = tracing
    .spans()
    .map(({ attributes }) => [
      attributes['messaging.destination.partition.id'],
      attributes['messaging.kafka.offset'],
    ])
  expect(places).toEqual([
    ['3', 41],
    ['3', undefined],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ])
})

test.each(['9007199254740993', '-1', '', 'x'])(
  'an offset of "%s" is left out',
  async (baseOffset) => {
    const { producer, answerWith } = createProducer()
    answerWith(() => Promise.resolve([{ topicName: topic, partition: 0, baseOffset }]))
    await producer.send({ topic, messages: [{ value: 'v' }] })
    expect(tracing.span('send orders').attributes).not.toHaveProperty('messaging.kafka.offset')
  },
)

test('a context that the application set is kept; the other messages carry that of the send', async () => {
  const { producer, sent } = createProducer()
  const outbox = { ...sentBy('a'), tracestate: 'vendor=1' }
  const broken = { traceparent: 'broken' }
  await producer.send({
    topic,
    messages: [
      { value: '1', headers: outbox },
      { value: '2', headers: outbox },
      { value: '3', headers: broken },
      { value: '4' },
    ],
  })
  const span = tracing.span('send orders')
  const own = { traceparent: `00-${span.traceId}-${span.spanId}-01` }
  expect(sent[0].messages.map((message: any) => message.headers)).toEqual([
    outbox,
    outbox,
    own,
    own,
  ])
  expect(span.links).toMatchObject([{ traceId: 'a'.repeat(32), spanId: 'a'.repeat(16) }])
})

test('ignored topics are neither traced nor is anything below them, and carry no context', async () => {
  const { producer, sent, answerWith } = createProducer({ ignore: (name) => name === 'audit' })
  answerWith(() => withSpan('inside', () => Promise.resolve([])))
  const audit = { topic: 'audit', messages: [{ value: 'v' }] }
  await producer.send(audit)
  expect(sent[0]).toBe(audit)
  expect(tracing.spans()).toEqual([])
  await producer.sendBatch({ topicMessages: [audit, { topic, messages: [{ value: 'v' }] }] })
  expect(sent[1].topicMessages[0]).toBe(audit)
  expect(sent[1].topicMessages[1].messages[0].headers).toHaveProperty('traceparent')
  expect(tracing.spans().map((span) => span.name)).toEqual(['inside', 'send orders'])
})

test('where tracing is suppressed the call goes through as it is', async () => {
  const { producer, sent } = createProducer()
  const record = { topic, messages: [{ value: 'v' }] }
  await context.with(suppressTracing(context.active()), () => producer.send(record))
  expect(sent[0]).toBe(record)
  expect(tracing.spans()).toEqual([])
})

test('where tracing is suppressed not even a provider that does not know of it is asked', async () => {
  const startSpan = vi.fn()
  const tracerProvider = { getTracer: () => ({ startSpan, startActiveSpan: startSpan }) }
  const { producer } = createProducer({ tracerProvider })
  await context.with(suppressTracing(context.active()), () =>
    producer.send({ topic, messages: [{ value: 'v' }] }),
  )
  expect(startSpan).not.toHaveBeenCalled()
})

test('a provider that fails costs the span, never the send', async () => {
  const startSpan = (): never => {
    throw new Error('provider')
  }
  const tracerProvider = { getTracer: () => ({ startSpan, startActiveSpan: startSpan }) }
  const { producer, sent } = createProducer({ tracerProvider })
  const record = { topic, messages: [{ value: 'v' }] }
  await expect(producer.send(record)).resolves.toEqual([])
  expect(sent[0]).toBe(record)
})

test('the attributes option is not asked for a span that is not recorded', async () => {
  const attributes = vi.fn()
  const { producer } = createProducer({ attributes, tracerProvider: new ProxyTracerProvider() })
  trace.disable()
  try {
    await producer.send({ topic, messages: [{ value: 'v' }] })
  } finally {
    trace.setGlobalTracerProvider(tracing.tracerProvider)
  }
  expect(attributes).not.toHaveBeenCalled()
})

test('a key that is very long is left out', async () => {
  const { producer } = createProducer()
  for (const key of ['k'.repeat(2000), Buffer.alloc(2000, 0x6b), 'k'.repeat(1024)]) {
    await producer.send({ topic, messages: [{ key, value: 'v' }] })
  }
  const keys = tracing.spans().map(({ attributes }) => attributes['messaging.kafka.message.key'])
  expect(keys).toEqual([undefined, undefined, 'k'.repeat(1024)])
})

test('a send is active while it runs; the sends of a batch leave the context as it is', async () => {
  const { producer, answerWith } = createProducer()
  const active: (string | undefined)[] = []
  answerWith(() => {
    active.push(trace.getActiveSpan()?.spanContext().spanId)
    return Promise.resolve([])
  })
  await producer.send({ topic, messages: [{ value: 'v' }] })
  const topicMessages = ['a', 'b'].map((name) => ({ topic: name, messages: [{ value: 'v' }] }))
  const outer = await withSpan('outer', async (span) => {
    await producer.sendBatch({ topicMessages })
    return span.spanContext().spanId
  })
  expect(active).toEqual([tracing.span('send orders').spanId, outer])
})

test('all sends of a batch fail with it', async () => {
  const { producer, answerWith } = createProducer()
  const error = new Error('broker gone')
  answerWith(() => Promise.reject(error))
  const topicMessages = ['a', 'b'].map((name) => ({ topic: name, messages: [{ value: 'v' }] }))
  await expect(producer.sendBatch({ topicMessages })).rejects.toBe(error)
  expect(tracing.spans().map((span) => [span.name, span.status])).toEqual([
    ['send a', 'ERROR'],
    ['send b', 'ERROR'],
  ])
  expect(tracing.unended()).toEqual([])
})

test('a client that throws instead of rejecting ends the span and throws on', () => {
  const { producer, answerWith } = createProducer()
  const error = new Error('thrown')
  answerWith(() => {
    throw error
  })
  expect(() => producer.send({ topic, messages: [{ value: 'v' }] })).toThrow(error)
  expect(tracing.span('send orders').status).toBe('ERROR')
})

test('the attributes option sees messages and result, or the error', async () => {
  const activities: KafkaActivity[] = []
  const attributes = (activity: KafkaActivity): Attributes => {
    activities.push(activity)
    return { 'shop.topic': activity.topic }
  }
  const { producer, answerWith } = createProducer({ attributes })
  const messages = [{ value: 'v' }]
  const result = [{ topicName: topic, partition: 0, baseOffset: '0' }]
  answerWith(() => Promise.resolve(result))
  await producer.send({ topic, messages })
  expect(tracing.span('send orders').attributes['shop.topic']).toBe(topic)
  const error = new KafkaJSNonRetriableError('no')
  answerWith(() => Promise.reject(error))
  await expect(producer.send({ topic, messages })).rejects.toBe(error)
  expect(activities).toEqual([
    { operation: 'send', topic, messages, result },
    { operation: 'send', topic, messages, error },
  ])
})

test('options that throw cost what they would have added, never the send', async () => {
  const fail = (): never => {
    throw new Error('hook')
  }
  const { producer, sent } = createProducer({ ignore: fail, spanName: fail, attributes: fail })
  await producer.send({ topic, messages: [{ value: 'v' }] })
  expect(sent[0].messages[0].headers).toHaveProperty('traceparent')
  expect(tracing.span('send orders').status).toBe('UNSET')
})

test('a spanName without a name keeps the conventional one', async () => {
  for (const spanName of [() => '', () => undefined, () => 7 as never]) {
    await createProducer({ spanName }).producer.send({ topic, messages: [{ value: 'v' }] })
  }
  expect(tracing.spans().map((span) => span.name)).toEqual(Array(3).fill('send orders'))
})

test('spanName names the span, listed headers are recorded, the key is not where it must not be', async () => {
  const { producer } = createProducer({
    spanName: (operation, name) => `${operation} to ${name}`,
    captureHeaders: ['tenant', 'missing', 'binary'],
    captureKey: false,
  })
  const headers = { tenant: ['acme', Buffer.from('corp')], binary: Buffer.from([0]), other: 'o' }
  await producer.send({ topic, messages: [{ key: 'anna@example.org', value: 'v', headers }] })
  const { attributes } = tracing.span('send to orders')
  expect(attributes['messaging.header.tenant']).toEqual(['acme', 'corp'])
  expect(attributes['messaging.header.binary']).toEqual([])
  expect(Object.keys(attributes)).not.toContain('messaging.header.missing')
  expect(Object.keys(attributes)).not.toContain('messaging.header.other')
  expect(Object.keys(attributes)).not.toContain('messaging.kafka.message.key')
})

test('a transaction is traced through a producer that traceKafka made; its end answers as before', async () => {
  const memory = createMemoryKafka()
  const producer = traceKafka(memory.kafka).producer()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ value: 'v' }] })
  expect(await transaction.commit()).toBe('committed')
  expect(await transaction.abort()).toBe('aborted')
  expect(tracing.spans().map((span) => span.name)).toEqual(['send orders'])
})
