import { withSpan } from '@throughline/core'
import { propagators } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { forwardHeaders, traceKafka, traceMessage, type KafkaTracingOptions } from '../src/index.ts'
import { createMemoryKafka, message, sentBy } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'
const stranger = sentBy('a').traceparent.toString()

function start(options?: KafkaTracingOptions) {
  const memory = createMemoryKafka()
  const kafka = traceKafka(memory.kafka, options)
  return { ...memory, producer: kafka.producer(), consumer: kafka.consumer({ groupId: 'g' }) }
}

const contextOf = (sent: any, at = 0): string =>
  String(sent.messages[at].headers.traceparent).slice(36, 52)

test.each([
  ['auto', true],
  ['preserve', true],
  ['replace', false],
] as const)(
  'a context that the application wrote, as an outbox does: %s',
  async (existingContext, stays) => {
    const { producer, sent } = start({ existingContext })
    const headers = { traceparent: stranger, tracestate: 'a=b', tenant: 'acme' }
    await producer.send({ topic, messages: [{ value: 'v', headers }] })
    const span = tracing.span('send orders')
    expect(span.links).toMatchObject([{ spanId: 'a'.repeat(16) }])
    expect(span.kind).toBe(stays ? 'CLIENT' : 'PRODUCER')
    expect(contextOf(sent[0])).toBe(stays ? 'a'.repeat(16) : span.spanId)
    expect(sent[0].messages[0].headers.tenant).toBe('acme')
    expect('tracestate' in sent[0].messages[0].headers).toBe(stays)
    expect(headers.traceparent).toBe(stranger)
  },
)

test.each([
  ['auto', false],
  ['preserve', true],
  ['replace', false],
] as const)(
  'the headers of the message being processed, passed on to a dead-letter topic: %s',
  async (existingContext, stays) => {
    const { producer, consumer, sent, deliver } = start({ existingContext })
    await consumer.run({
      eachMessage: ({ message: { headers, value } }: any) =>
        withSpan('give up', () =>
          producer.send({ topic: 'orders.dead', messages: [{ value, headers }] }),
        ),
    })
    await deliver({ topic, partition: 0, message: message({ headers: sentBy('a') }) })
    const send = tracing.span('send orders.dead')
    expect(send.parentSpanId).toBe(tracing.span('give up').spanId)
    expect(send.links).toMatchObject([{ spanId: 'a'.repeat(16) }])
    expect(contextOf(sent[0])).toBe(stays ? 'a'.repeat(16) : send.spanId)
  },
)

test('of a context that is replaced no baggage is left either, also where each entry has a header', async () => {
  const { producer, sent } = start({
    propagator: propagators({ extract: ['jaeger'], inject: ['jaeger'] }),
    existingContext: 'replace',
  })
  const old = `${'a'.repeat(32)}:${'a'.repeat(16)}:0:1`
  const headers = { 'uber-trace-id': old, 'uberctx-tenant': 'acme', kept: 'yes' }
  await producer.send({ topic, messages: [{ value: 'v', headers }] })
  const carried = sent[0].messages[0].headers
  expect(Object.keys(carried).toSorted()).toEqual(['kept', 'uber-trace-id'])
  expect(carried['uber-trace-id']).toContain(tracing.span('send orders').spanId)
})

test('while a message is processed, the context of another one stays', async () => {
  const { producer, consumer, sent, deliver } = start()
  const headers = { traceparent: sentBy('b').traceparent.toString() }
  await consumer.run({
    eachMessage: () => producer.send({ topic, messages: [{ value: 1, headers }] }),
  })
  await deliver({ topic, partition: 0, message: message({ headers: sentBy('a') }) })
  expect(contextOf(sent[0])).toBe('b'.repeat(16))
})

test('the headers of a batch that are passed on get the context of the send, in one batch and message by message', async () => {
  const { producer, consumer, sent, deliverBatch } = start()
  const messages = ['a', 'b'].map((digit) => message({ headers: sentBy(digit) }))
  const pass = (all: typeof messages) =>
    producer.send({
      topic: 'orders.retry',
      messages: all.map(({ headers }) => ({ value: 'v', headers })),
    })
  await consumer.run({
    eachBatch: async () => {
      await pass(messages)
      await traceMessage(messages[1]!, () => pass([messages[1]!]))
    },
  })
  await deliverBatch({ batch: { topic, partition: 0, messages } })
  const [all, one] = tracing.spans().filter((span) => span.name === 'send orders.retry')
  expect([contextOf(sent[0], 0), contextOf(sent[0], 1)]).toEqual([all!.spanId, all!.spanId])
  expect(all!.links.map((link) => link.spanId)).toEqual(['a'.repeat(16), 'b'.repeat(16)])
  expect(contextOf(sent[1])).toBe(one!.spanId)
})

test('forwardHeaders makes the new message the forwarder’s own, without a link to the old sender', async () => {
  const { producer, consumer, sent, deliver } = start()
  await consumer.run({
    eachMessage: ({ message: received }: any) =>
      producer.send({
        topic: 'orders.retry',
        messages: [{ value: 'v', headers: forwardHeaders(received) }],
      }),
  })
  await deliver({ topic, partition: 0, message: message({ headers: sentBy('a') }) })
  const send = tracing.span('send orders.retry')
  expect(contextOf(sent[0])).toBe(send.spanId)
  expect(send.links).toEqual([])
})

test('some messages with a context of their own: the others carry that of the send', async () => {
  const { producer, sent } = start()
  const headers = { traceparent: stranger }
  await producer.send({ topic, messages: [{ value: 1, headers }, { value: 2 }] })
  const send = tracing.span('send orders')
  expect(send.kind).toBe('PRODUCER')
  expect([contextOf(sent[0], 0), contextOf(sent[0], 1)]).toEqual(['a'.repeat(16), send.spanId])
})
