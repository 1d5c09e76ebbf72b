import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { KafkaJSNumberOfRetriesExceeded, type EachBatchPayload, type KafkaMessage } from 'kafkajs'
import { afterAll, afterEach, expect, test } from 'vitest'
import { forwardHeaders, traceKafka, traceMessage } from '../src/index.ts'
import {
  connectProducer,
  createKafka,
  createTopic,
  createTracedKafka,
  readClusterId,
  runConsumer,
} from './broker.ts'

class OutOfStockError extends Error {
  override name = 'OutOfStockError'
}

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const named = (name: string) => (spans: TestSpan[]) => spans.find((span) => span.name === name)
const countOf = (name: string, count: number) => (spans: TestSpan[]) => {
  const found = spans.filter((span) => span.name === name)
  return found.length >= count ? found : undefined
}

test('a message is processed in the trace of its sender, and what the handler does belongs to it', async () => {
  const topic = await createTopic('orders')
  const kafka = traceKafka(createKafka({ clientId: 'shop' }))
  const clusterId = await readClusterId(kafka)
  const producer = await connectProducer(kafka)
  const { groupId } = await runConsumer(kafka, topic, {
    eachMessage: async () => withSpan('ship', async () => {}),
  })
  const [metadata] = await withSpan('place order', () =>
    producer.send({ topic, messages: [{ key: 'order-1', value: 'v' }] }),
  )
  const process = await tracing.waitFor(named(`process ${topic}`))
  const send = tracing.span(`send ${topic}`)
  expect(send).toMatchObject({ kind: 'PRODUCER', parentSpanId: tracing.span('place order').spanId })
  expect(send.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': 0,
    'messaging.kafka.message.key': 'order-1',
    'messaging.client.id': 'shop',
    'messaging.kafka.cluster.id': clusterId,
  })
  expect(metadata).toMatchObject({ topicName: topic, partition: 0, baseOffset: '0' })
  expect(process).toMatchObject({ kind: 'CONSUMER', parentSpanId: send.spanId, status: 'UNSET' })
  expect(process.links).toMatchObject([{ spanId: send.spanId }])
  expect(process.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': groupId,
    'messaging.kafka.offset': 0,
    'messaging.kafka.message.key': 'order-1',
    'messaging.client.id': 'shop',
    'messaging.kafka.cluster.id': clusterId,
    'kafka.record.queue_time_ms': expect.any(Number),
  })
  expect(tracing.span('ship').parentSpanId).toBe(process.spanId)
  expect(tracing.unended()).toEqual([])
})

test('baggage travels with a message', async () => {
  const topic = await createTopic('baggage')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  let tenant: string | undefined
  await runConsumer(kafka, topic, {
    eachMessage: async () => {
      tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value
    },
  })
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
    producer.send({ topic, messages: [{ value: 'v' }] }),
  )
  await tracing.waitFor(named(`process ${topic}`))
  expect(tenant).toBe('acme')
})

test('sendBatch over two topics makes one span each, and each message knows its own', async () => {
  const [first, second] = [await createTopic('first'), await createTopic('second')]
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  await runConsumer(kafka, [first, second], { eachMessage: async () => {} })
  await withSpan('nightly', () =>
    producer.sendBatch({
      topicMessages: [
        { topic: first, messages: [{ value: '1' }, { value: '2' }] },
        { topic: second, messages: [{ value: '3' }] },
      ],
    }),
  )
  const processed = await tracing.waitFor(countOf(`process ${first}`, 2))
  const other = await tracing.waitFor(named(`process ${second}`))
  const sends = [tracing.span(`send ${first}`), tracing.span(`send ${second}`)]
  const nightly = tracing.span('nightly').spanId
  expect(sends.map((span) => span.parentSpanId)).toEqual([nightly, nightly])
  expect(sends.map((span) => span.attributes['messaging.batch.message_count'])).toEqual([2, 1])
  expect(sends[0]!.attributes['messaging.kafka.offset']).toBeUndefined()
  expect(sends[1]!.attributes['messaging.kafka.offset']).toBe(0)
  expect(processed.map((span) => span.parentSpanId)).toEqual([sends[0]!.spanId, sends[0]!.spanId])
  expect(other.parentSpanId).toBe(sends[1]!.spanId)
})

test('a batch is one trace that links to each sender, with the offset and key of its message', async () => {
  const topic = await createTopic('batch')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  for (const key of ['a', 'b', 'c']) await producer.send({ topic, messages: [{ key, value: 'v' }] })
  let payload: EachBatchPayload | undefined
  const { groupId } = await runConsumer(kafka, topic, {
    eachBatch: async (given) => {
      payload = given
      await withSpan('store', async () => {})
    },
  })
  const process = await tracing.waitFor(named(`process ${topic}`))
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(payload!.batch.firstOffset()).toBe('0')
  expect(process).toMatchObject({ kind: 'CONSUMER', parentSpanId: undefined })
  expect(sends.map((span) => span.traceId)).not.toContain(process.traceId)
  expect(process.links).toEqual(
    sends.map(({ traceId, spanId }, at) => ({
      traceId,
      spanId,
      attributes: { 'messaging.kafka.offset': at, 'messaging.kafka.message.key': 'abc'[at] },
    })),
  )
  expect(process.attributes).toMatchObject({
    'messaging.batch.message_count': 3,
    'messaging.consumer.group.name': groupId,
    'messaging.destination.partition.id': '0',
  })
  expect(process.attributes['messaging.kafka.offset']).toBeUndefined()
  expect(tracing.span('store').parentSpanId).toBe(process.spanId)
})

test('traceMessage gives each message of a batch a span in the trace of its sender', async () => {
  const topic = await createTopic('trace-message')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  for (const key of ['a', 'b']) await producer.send({ topic, messages: [{ key, value: 'v' }] })
  const { groupId } = await runConsumer(kafka, topic, {
    eachBatch: async ({ batch }) => {
      for (const message of batch.messages) {
        await traceMessage(message, () => withSpan(`handle ${String(message.key)}`, async () => {}))
      }
    },
  })
  const batch = await tracing.waitFor((spans) =>
    spans.find((span) => 'messaging.batch.message_count' in span.attributes),
  )
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  const processed = tracing.spans().filter(({ attributes, kind }) => {
    return kind === 'CONSUMER' && !('messaging.batch.message_count' in attributes)
  })
  expect(processed.map((span) => span.parentSpanId)).toEqual(sends.map((span) => span.spanId))
  expect(processed.map((span) => span.links.map((link) => link.spanId))).toEqual(
    sends.map((span) => [span.spanId, batch.spanId]),
  )
  expect(processed[1]!.attributes).toMatchObject({
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': groupId,
    'messaging.kafka.offset': 1,
    'messaging.kafka.message.key': 'b',
  })
  expect(tracing.span('handle b').parentSpanId).toBe(processed[1]!.spanId)
})

test('a handler that throws makes its attempt an error, and the redelivery is an attempt of its own', async () => {
  const topic = await createTopic('redelivery')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  let attempts = 0
  await runConsumer(kafka, topic, {
    eachMessage: async () => {
      if (attempts++ === 0) throw new OutOfStockError('no chair left')
    },
  })
  await producer.send({ topic, messages: [{ value: 'v' }] })
  const [failed, succeeded] = await tracing.waitFor(countOf(`process ${topic}`, 2))
  expect(failed).toMatchObject({ status: 'ERROR', statusMessage: 'no chair left' })
  expect(failed!.attributes['error.type']).toBe('OutOfStockError')
  expect(failed!.events.map((event) => event.name)).toEqual(['exception'])
  expect(succeeded).toMatchObject({ status: 'UNSET', parentSpanId: failed!.parentSpanId })
  const recorded = [failed, succeeded].map(
    (span) => span!.attributes['throughline.delivery_attempt'],
  )
  expect(recorded).toEqual([undefined, 2])
})

test('tombstones and keys: text is recorded, bytes that are no text are not', async () => {
  const topic = await createTopic('keys')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const keys = [
    'text',
    Buffer.from('bytes of text'),
    Buffer.from([0, 0, 0, 5]),
    Buffer.from([0xff]),
  ]
  await runConsumer(kafka, topic, { eachMessage: async () => {} })
  for (const key of keys) await producer.send({ topic, messages: [{ key, value: null }] })
  await producer.send({ topic, messages: [{ value: null }] })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, 5))
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  for (const spans of [sends, processed]) {
    expect(spans.map((span) => span.attributes['messaging.kafka.message.key'])).toEqual([
      'text',
      'bytes of text',
      undefined,
      undefined,
      undefined,
    ])
    expect(spans.map((span) => span.attributes['messaging.kafka.message.tombstone'])).toEqual(
      keys.map(() => true).concat(true),
    )
  }
})

test('what a transaction sends is traced; commit and abort are its own', async () => {
  const topic = await createTopic('transaction')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka, {
    transactionalId: `tx-${topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  const seen: string[] = []
  await runConsumer(kafka, topic, {
    eachMessage: async ({ message }) => void seen.push(String(message.value)),
  })
  const aborted = await producer.transaction()
  await aborted.send({ topic, messages: [{ value: 'aborted' }] })
  expect(await aborted.abort()).toBeUndefined()
  expect(aborted.isActive()).toBe(false)
  await expect(aborted.send({ topic, messages: [{ value: 'late' }] })).rejects.toThrow(
    'Cannot continue to use transaction once ended',
  )
  const committed = await producer.transaction()
  await committed.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'committed' }] }] })
  expect(await committed.commit()).toBeUndefined()
  const process = await tracing.waitFor(named(`process ${topic}`))
  expect(seen).toEqual(['committed'])
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(sends.map((span) => span.status)).toEqual(['UNSET', 'ERROR', 'UNSET'])
  expect(process.parentSpanId).toBe(sends[2]!.spanId)
})

test('a send that used up its retries is an error by the name that the protocol has for it', async () => {
  const topic = 'there-is-no-such-topic'
  const producer = await connectProducer(createTracedKafka(), {
    allowAutoTopicCreation: false,
    retry: { retries: 1, initialRetryTime: 10 },
  })
  const error = await producer.send({ topic, messages: [{ value: 'v' }] }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(KafkaJSNumberOfRetriesExceeded)
  expect(tracing.span(`send ${topic}`)).toMatchObject({
    status: 'ERROR',
    attributes: { 'error.type': 'UNKNOWN_TOPIC_OR_PARTITION' },
  })
})

test('a send that is not retried is an error by the name that the protocol has for it', async () => {
  const topic = await createTopic('too-large')
  const producer = await connectProducer(createTracedKafka())
  const messages = [{ value: Buffer.alloc(2_000_000) }]
  await expect(producer.send({ topic, messages })).rejects.toMatchObject({
    name: 'KafkaJSProtocolError',
  })
  expect(tracing.span(`send ${topic}`)).toMatchObject({
    status: 'ERROR',
    attributes: { 'error.type': 'MESSAGE_TOO_LARGE' },
  })
})

// The faults of instrumentation-kafkajs 0.33 that its users meet.

test('messages that share one headers object carry the context of their own send', async () => {
  const topic = await createTopic('shared-headers')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const headers = Object.freeze({ tenant: 'acme' })
  const messages = ['a', 'b'].map((value) => Object.freeze({ value, headers }))
  const received: KafkaMessage[] = []
  await runConsumer(kafka, topic, {
    eachMessage: async ({ message }) => void received.push(message),
  })
  for (const message of messages) await producer.send({ topic, messages: [message] })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, 2))
  const sends = tracing.spans().filter((span) => span.name === `send ${topic}`)
  expect(processed.map((span) => span.parentSpanId)).toEqual(sends.map((span) => span.spanId))
  expect(received.map((message) => String(message.headers!['tenant']))).toEqual(['acme', 'acme'])
  expect(headers).toEqual({ tenant: 'acme' })
})

test('frozen messages are sent, and nothing of the caller is written to', async () => {
  const topic = await createTopic('frozen')
  const producer = await connectProducer(createTracedKafka())
  const record = Object.freeze({
    topic,
    messages: Object.freeze([Object.freeze({ value: 'a' }), Object.freeze({ value: 'b' })]),
  })
  await producer.send(record as unknown as Parameters<typeof producer.send>[0])
  expect(record.messages).toEqual([{ value: 'a' }, { value: 'b' }])
  expect(tracing.span(`send ${topic}`).attributes['messaging.batch.message_count']).toBe(2)
})

test('a context that the application put into the headers is kept, and the send links to it', async () => {
  const topic = await createTopic('outbox')
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  await runConsumer(kafka, topic, { eachMessage: async () => {} })
  await producer.send({ topic, messages: [{ value: 'v', headers: { traceparent } }] })
  const process = await tracing.waitFor(named(`process ${topic}`))
  const outbox = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  expect(tracing.span(`send ${topic}`).links).toMatchObject([outbox])
  expect(process).toMatchObject({ traceId: outbox.traceId, parentSpanId: outbox.spanId })
})

test('the context of whoever called run does not leak into messages and batches', async () => {
  const kafka = createTracedKafka()
  const untraced = await connectProducer(createKafka())
  const handlers = [{ eachMessage: async () => {} }, { eachBatch: async () => {} }]
  for (const handler of handlers) {
    const topic = await createTopic('leak')
    const starter = await withSpan('start', async (span) => {
      await runConsumer(kafka, topic, handler)
      return span.spanContext()
    })
    await untraced.send({ topic, messages: [{ value: 'v' }] })
    const process = await tracing.waitFor(named(`process ${topic}`))
    expect(process.parentSpanId).toBeUndefined()
    expect(process.traceId).not.toBe(starter.traceId)
  }
})

test('headers of any bytes are survived', async () => {
  const topic = await createTopic('malformed')
  const untraced = await connectProducer(createKafka())
  const handled: (string | undefined)[] = []
  await runConsumer(createTracedKafka(), topic, {
    eachMessage: async () => void handled.push(trace.getActiveSpan()?.spanContext().traceId),
  })
  const good = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const malformed = [
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.alloc(100_000, 0x61),
    '',
    'not a traceparent',
    [good, good],
    [],
  ]
  await untraced.send({
    topic,
    messages: malformed.map((traceparent) => ({ value: 'v', headers: { traceparent } })),
  })
  const processed = await tracing.waitFor(countOf(`process ${topic}`, malformed.length))
  expect(processed.map((span) => span.parentSpanId)).toEqual(malformed.map(() => undefined))
  expect(processed.map((span) => span.traceId)).toEqual(handled)
  expect(processed.map((span) => span.status)).toEqual(malformed.map(() => 'UNSET'))
})

test('a message forwarded to a retry topic continues the trace of its forwarder, once', async () => {
  const [topic, retry] = [await createTopic('forward'), await createTopic('retry')]
  const kafka = createTracedKafka()
  const producer = await connectProducer(kafka)
  let retried: KafkaMessage | undefined
  await runConsumer(kafka, topic, {
    eachMessage: async ({ message: { key, value, ...message } }) => {
      const headers = { ...forwardHeaders(message), attempt: '2' }
      await producer.send({ topic: retry, messages: [{ key, value, headers }] })
    },
  })
  await runConsumer(kafka, retry, {
    eachMessage: async ({ message }) => {
      retried = message
    },
  })
  await producer.send({ topic, messages: [{ value: 'v', headers: { tenant: 'acme' } }] })
  const process = await tracing.waitFor(named(`process ${retry}`))
  // The broker may hand the message on before it acknowledges the send, and with it the processing that sent it.
  const forwarder = await tracing.waitFor(named(`process ${topic}`))
  const forwarded = tracing.span(`send ${retry}`)
  expect(forwarded.parentSpanId).toBe(forwarder.spanId)
  expect(forwarded.links).toEqual([])
  expect(process.parentSpanId).toBe(forwarded.spanId)
  expect(Object.keys(retried!.headers!).toSorted()).toEqual(['attempt', 'tenant', 'traceparent'])
})
