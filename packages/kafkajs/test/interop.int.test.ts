// With instrumentation-kafkajs on the other side of the real broker, in both directions.
import { createRequire } from 'node:module'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import type { Kafka } from 'kafkajs'
import { afterAll, afterEach, expect, test } from 'vitest'
import { traceConsumer, traceKafka, traceProducer } from '../src/index.ts'
import { connectProducer, createKafka, createTopic, runConsumer } from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

/** The same client from a module that instrumentation-kafkajs patched. */
function createPatchedKafka(): Kafka {
  const exports = {
    Kafka: class extends (createRequire(import.meta.url)('kafkajs').Kafka as typeof Kafka) {},
  }
  const { prototype } = exports.Kafka
  for (const name of ['producer', 'consumer'] as const) {
    const inherited = prototype[name]
    Object.defineProperty(prototype, name, { value: inherited, writable: true, configurable: true })
  }
  const instrumentation = new KafkaJsInstrumentation({ enabled: false })
  instrumentation.setTracerProvider(tracing.tracerProvider)
  const patched = instrumentation as unknown as { init(): { patch(exports: object): unknown } }
  patched.init().patch(exports)
  return createKafka({}, exports.Kafka)
}

const PEER = '@opentelemetry/instrumentation-kafkajs'
const by = (spans: readonly TestSpan[], scope: string, kind: string) =>
  spans.filter((span) => span.scope.name === scope && span.kind === kind)

test.each([['theirs to ours'], ['ours to theirs']])(
  'a message from one side continues on the other: %s',
  async (direction) => {
    const topic = await createTopic('interop')
    const ours = traceKafka(createKafka())
    const theirs = createPatchedKafka()
    const [from, to] = direction === 'theirs to ours' ? [theirs, ours] : [ours, theirs]
    const [sender, receiver] =
      from === theirs ? [PEER, '@throughline/kafkajs'] : ['@throughline/kafkajs', PEER]
    const producer = await connectProducer(from)
    await runConsumer(to, topic, { eachMessage: () => Promise.resolve() })
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] })
    const [process] = await tracing.waitFor((spans) => {
      const found = by(spans, receiver, 'CONSUMER')
      return found.length > 0 ? found : undefined
    })
    const [send] = by(tracing.spans(), sender, 'PRODUCER')
    expect(process!.parentSpanId).toBe(send!.spanId)
    expect(tracing.spans()).toHaveLength(2)
  },
)

test('where instrumentation-kafkajs patched the client, we step aside and every span is there once', async () => {
  const topic = await createTopic('double')
  const kafka = traceKafka(createPatchedKafka())
  const producer = traceProducer(await connectProducer(kafka))
  const { consumer } = await runConsumer(kafka, topic, { eachMessage: () => Promise.resolve() })
  traceConsumer(consumer)
  await producer.send({ topic, messages: [{ value: 'v' }] })
  const spans = await tracing.waitForSpans(2)
  expect(spans.map((span) => span.scope.name)).toEqual([PEER, PEER])
})
