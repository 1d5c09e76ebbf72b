// A Java program on the other side of the broker, compiled when the test runs against the broker's own client jars.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { connectProducer, createTopic, createTracedKafka, runConsumer } from './broker.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

/** Where an installed Kafka, or the one that test-services downloaded, has its jars. */
function findJars(): string | undefined {
  const { KAFKA_HOME, XDG_CACHE_HOME } = process.env
  const cache = join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'throughline', 'services')
  const downloaded = existsSync(cache)
    ? readdirSync(cache).filter((n) => n.startsWith('kafka-'))
    : []
  const folders = downloaded.map((name) => join(cache, name, 'lib'))
  if (KAFKA_HOME) folders.unshift(join(KAFKA_HOME, 'libs'))
  return folders.find((folder) => existsSync(folder))
}

const jars = findJars()
if (!jars) console.warn('java.full.test.ts is skipped: no client jars in KAFKA_HOME or the cache')
const program = fileURLToPath(new URL('fixtures/Interop.java', import.meta.url))

async function java(...args: string[]): Promise<string> {
  const all = [
    '-cp',
    `${jars}/*`,
    program,
    args[0]!,
    process.env['KAFKA_BROKERS']!,
    ...args.slice(1),
  ]
  const { stdout } = await promisify(execFile)('java', all, { timeout: 60_000 })
  return stdout
}

test.skipIf(!jars)(
  'a message of a Java producer is processed in its trace',
  async () => {
    const topic = await createTopic('java-to-node')
    const tenants: string[] = []
    await runConsumer(createTracedKafka(), topic, {
      eachMessage: ({ message }) =>
        Promise.resolve(void tenants.push(String(message.headers!['tenant']))),
    })
    await java('produce', topic, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
    const [process] = await tracing.waitForSpans(1, 30_000)
    expect(process).toMatchObject({ traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16) })
    expect(process!.attributes['messaging.kafka.message.key']).toBe('from-java')
    expect(tenants).toEqual(['acme'])
  },
  90_000,
)

test.skipIf(!jars)(
  'a traceparent that is null is none',
  async () => {
    const topic = await createTopic('java-null')
    const headers: unknown[] = []
    await runConsumer(createTracedKafka(), topic, {
      eachMessage: ({ message }) => Promise.resolve(void headers.push(message.headers)),
    })
    await java('produce', topic, 'null')
    const [process] = await tracing.waitForSpans(1, 30_000)
    expect(process).toMatchObject({ parentSpanId: undefined, links: [], status: 'UNSET' })
    expect(headers).toEqual([{ traceparent: null, tenant: Buffer.from('acme') }])
  },
  90_000,
)

test.skipIf(!jars)(
  'a Java consumer gets the context of our send, and every header once',
  async () => {
    const topic = await createTopic('node-to-java')
    const producer = await connectProducer(createTracedKafka())
    await producer.send({ topic, messages: [{ value: 'v', headers: { tenant: 'acme' } }] })
    const { traceId, spanId } = tracing.span(`send ${topic}`)
    const headers = (await java('consume', topic)).trim().split('\n')
    expect(headers.toSorted()).toEqual(['tenant=acme', `traceparent=00-${traceId}-${spanId}-01`])
  },
  90_000,
)
