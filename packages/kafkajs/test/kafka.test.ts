import { diag, DiagLogLevel, propagation } from '@opentelemetry/api'
import { InvalidOptionError } from '@throughline/core/integration'
import { w3cPropagator } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import * as api from '../src/index.ts'
import { createMemoryKafka, message } from './memory-kafka.ts'

beforeAll(() => vi.stubEnv('KAFKAJS_NO_PARTITIONER_WARNING', '1'))
const tracing = createTestTracing({ global: false })
const { tracerProvider, propagator } = tracing
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const { traceConsumer, traceKafka, traceProducer } = api
const record = { topic: 'orders', messages: [{ value: 'v' }] }

function createKafka(): Kafka {
  return new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })
}

test('the package has these entry points', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'forwardHeaders',
    'traceConsumer',
    'traceKafka',
    'traceMessage',
    'traceProducer',
    'untrace',
  ])
})

test('the same client comes back, still a Kafka, and its clients look as they did', () => {
  const kafka = createKafka()
  const plain = createKafka()
  expect(traceKafka(kafka)).toBe(kafka)
  expect(kafka).toBeInstanceOf(Kafka)
  expect(Object.keys(kafka)).toEqual(Object.keys(plain))
  expect(kafka.producer.length).toBe(plain.producer.length)
  const [producer, untraced] = [kafka.producer(), plain.producer()]
  expect(Object.keys(producer)).toEqual(Object.keys(untraced))
  expect([producer.send.name, producer.send.length]).toEqual([
    untraced.send.name,
    untraced.send.length,
  ])
  const consumer = kafka.consumer({ groupId: 'g' })
  expect(Object.keys(consumer)).toEqual(Object.keys(plain.consumer({ groupId: 'g' })))
})

test('tracing twice, at any level, makes one span', async () => {
  const memory = createMemoryKafka()
  const kafka = traceKafka(traceKafka(memory.kafka, { tracerProvider }), { tracerProvider })
  const created = kafka.producer()
  const { send } = created
  const producer = traceProducer(created, { tracerProvider })
  expect(producer.send).toBe(send)
  await producer.send(record)
  const consumer = traceConsumer(kafka.consumer({ groupId: 'g' }), { tracerProvider })
  await consumer.run({ eachMessage: () => {} })
  memory.deliver({ topic: 'orders', partition: 0, message: message() })
  expect(tracing.spans().map((span) => span.name)).toEqual(['send orders', 'process orders'])
  expect(tracing.span('process orders').attributes['messaging.consumer.group.name']).toBe('g')
})

test('spans come from the given provider under the name of this package', async () => {
  const memory = createMemoryKafka()
  await traceKafka(memory.kafka, { tracerProvider, propagator }).producer().send(record)
  expect(tracing.span('send orders').scope).toEqual({
    name: '@throughline/kafkajs',
    version: '0.1.0',
  })
  expect(memory.sent[0].messages[0].headers).toHaveProperty('traceparent')
})

test('with no SDK the call reaches kafkajs as it is', async () => {
  const memory = createMemoryKafka()
  await traceKafka(memory.kafka).producer().send(record)
  expect(memory.sent[0]).toBe(record)
})

test('an SDK that is registered later is used', async () => {
  const memory = createMemoryKafka()
  const producer = traceKafka(memory.kafka).producer()
  const later = createTestTracing()
  try {
    await producer.send(record)
    expect(later.span('send orders').kind).toBe('PRODUCER')
  } finally {
    await later.shutdown()
  }
})

test('enabled: false changes nothing', () => {
  const memory = createMemoryKafka()
  const before = { ...memory.kafka }
  expect(traceKafka(memory.kafka, { enabled: false })).toEqual(before)
  const producer = memory.kafka.producer()
  const { send } = producer
  expect(traceProducer(producer, { enabled: false }).send).toBe(send)
  const consumer = memory.kafka.consumer()
  const { run } = consumer
  expect(traceConsumer(consumer, { enabled: false }).run).toBe(run)
})

test('where instrumentation-kafkajs was first we step aside, and say so once', async () => {
  const warn = vi.fn()
  const silent = (): void => {}
  const logger = { error: silent, info: silent, debug: silent, verbose: silent, warn }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  try {
    const { kafka } = createMemoryKafka()
    const producer = kafka.producer()
    const send = Object.assign(producer.send, { __wrapped: true })
    expect(traceProducer(producer, { tracerProvider }).send).toBe(send)
    const create = Object.assign(kafka.producer, { __wrapped: true })
    expect(traceKafka(kafka, { tracerProvider }).producer).toBe(create)
    await producer.send(record)
  } finally {
    diag.disable()
  }
  expect(warn).toHaveBeenCalledTimes(1)
  expect(tracing.spans()).toEqual([])
})

test('a frozen client works on, untraced', async () => {
  const { kafka, sent } = createMemoryKafka()
  const producer = traceProducer(Object.freeze(kafka.producer()), { tracerProvider })
  await producer.send(record)
  expect(sent).toEqual([record])
})

test.each([
  ['ignore', 'audit'],
  ['spanName', 'name'],
  ['attributes', {}],
  ['captureHeaders', 'tenant'],
  ['captureKey', 'yes'],
  ['relation', 'child'],
  ['clientId', 7],
  ['enabled', 1],
])('an option %s that cannot work is refused at set-up', (name, value) => {
  const { kafka } = createMemoryKafka()
  expect(() => traceKafka(kafka, { [name]: value })).toThrow(InvalidOptionError)
  expect(() => traceKafka(kafka, { [name]: value })).toThrow(`traceKafka: option "${name}"`)
})

test('a group id that is no text is refused at set-up', () => {
  const consumer = createMemoryKafka().kafka.consumer()
  expect(() => traceConsumer(consumer, { groupId: 7 as never })).toThrow(InvalidOptionError)
})

test('forwardHeaders leaves out the context and keeps the rest, in a copy', () => {
  const headers = { traceparent: 'a', tracestate: 'b', baggage: 'c', tenant: Buffer.from('acme') }
  const forwarded = api.forwardHeaders({ headers })
  expect(forwarded).toEqual({ tenant: headers.tenant })
  expect(Object.keys(headers)).toHaveLength(4)
})

test('forwardHeaders leaves out what the propagator writes', () => {
  const b3 = { ...w3cPropagator, fields: () => ['b3'] }
  expect(api.forwardHeaders({ headers: { b3: '0', traceparent: 'a' } }, b3)).toEqual({})
  propagation.setGlobalPropagator(b3)
  try {
    expect(api.forwardHeaders({ headers: { b3: '0', other: '1' } })).toEqual({ other: '1' })
  } finally {
    propagation.disable()
  }
})

test('forwardHeaders leaves out baggage that has a header for each entry', () => {
  const headers = { 'uberctx-tenant': 'acme', 'ot-baggage-tenant': 'acme', 'uber-eats': 'yes' }
  expect(api.forwardHeaders({ headers })).toEqual({ 'uber-eats': 'yes' })
})

test('forwardHeaders of a message without headers is empty', () => {
  expect(api.forwardHeaders({})).toEqual({})
  expect(api.forwardHeaders({ headers: null })).toEqual({})
})
