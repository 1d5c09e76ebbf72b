// The faults of instrumentation-kafkajs that its users meet, each run on both. The README's table is made of the results.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { incumbent, spansUnderEsm, throughline, type Contender } from './incumbent.ts'
import { message, sentBy } from './memory-kafka.ts'

const tracing = createTestTracing()
const { tracerProvider } = tracing
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'

interface Finding {
  readonly sound: boolean
  readonly what: string
}

type Probe = (contender: Contender) => Promise<Finding>

const idOf = ({ headers }: any): string => String(headers?.traceparent).slice(36, 52)

const probes: Readonly<Record<string, Probe>> = {
  async 'a headers object that messages share'(contender) {
    const { kafka, sent } = contender.trace(tracerProvider)
    const headers = { tenant: 'acme' }
    const messages = ['a', 'b'].map((value) => ({ value, headers }))
    await kafka.producer().send({ topic, messages })
    const carried = new Set(sent[0].messages.map(idOf))
    const lost = tracing.spans().filter((span) => !carried.has(span.spanId)).length
    const written = Object.keys(headers).length > 1
    return {
      sound: lost === 0 && !written,
      what: `lost contexts: ${lost}; the object is ${written ? 'written to' : 'untouched'}`,
    }
  },
  async 'a frozen message'(contender) {
    const { kafka } = contender.trace(tracerProvider)
    const error = await attempt(() =>
      kafka.producer().send({ topic, messages: [Object.freeze({ value: 'a' })] }),
    )
    return { sound: error === undefined, what: error ?? 'is sent' }
  },
  async 'missing messages'(contender) {
    const { kafka, answerWith } = contender.trace(tracerProvider)
    answerWith(() => Promise.reject(new RangeError('Invalid messages array')))
    const error = await attempt(() => kafka.producer().send({ topic }))
    const own = 'rejects with RangeError'
    return { sound: error === own, what: error === own ? "the client's own rejection" : `${error}` }
  },
  async 'import of an ES module'(contender) {
    const spans = await spansUnderEsm(contender)
    return {
      sound: spans === 1,
      what: spans === 1 ? 'is traced' : 'is not traced without loader flags',
    }
  },
  async 'the context of who called run'(contender) {
    const { kafka, deliverBatch } = contender.trace(tracerProvider)
    let leaked = false
    const eachBatch = (): Promise<void> => {
      leaked = propagation.getActiveBaggage()?.getEntry('tenant') !== undefined
      return Promise.resolve()
    }
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
    await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), async () => {
      await kafka.consumer({ groupId: 'g' }).run({ eachBatch })
      await deliverBatch(batchOf([message()]))
    })
    return { sound: !leaked, what: leaked ? 'its baggage leaks into batches' : 'stays outside' }
  },
  async 'the spans of a batch'(contender) {
    const { kafka, deliverBatch } = contender.trace(tracerProvider)
    let active: string | undefined
    const eachBatch = (): Promise<void> => {
      active = trace.getActiveSpan()?.spanContext().spanId
      return Promise.resolve()
    }
    await kafka.consumer({ groupId: 'g' }).run({ eachBatch })
    await deliverBatch(batchOf(['a', 'b', 'c'].map((d) => message({ headers: sentBy(d) }))))
    const spans = tracing.spans()
    const own = spans.find((span) => span.spanId === active)
    const links = own?.links.length ?? 0
    return {
      sound: links === 3 && spans.length === 1,
      what: `spans for 3 messages: ${spans.length}; links of the active one: ${links}`,
    }
  },
  async 'a context that an outbox wrote'(contender) {
    const { kafka, sent } = contender.trace(tracerProvider)
    const traceparent = sentBy('a').traceparent.toString()
    await kafka.producer().send({ topic, messages: [{ value: 'v', headers: { traceparent } }] })
    const stays = idOf(sent[0].messages[0]) === 'a'.repeat(16)
    const [link] = tracing.spans().flatMap((span: TestSpan) => span.links)
    return {
      sound: stays && link?.spanId === 'a'.repeat(16),
      what: stays ? 'stays, and the send links to it' : 'is overwritten',
    }
  },
  async 'the consumer group'(contender) {
    const { kafka, deliver } = contender.trace(tracerProvider)
    await kafka.consumer({ groupId: 'g' }).run({ eachMessage: () => Promise.resolve() })
    await deliver({ topic, partition: 0, message: message() })
    const [span] = tracing.spans()
    const group = span!.attributes['messaging.consumer.group.name']
    return { sound: group === 'g', what: group === 'g' ? 'is recorded' : 'is not recorded' }
  },
}

const rows: string[] = []

for (const [fault, probe] of Object.entries(probes)) {
  test(`${fault}: the fault of instrumentation-kafkajs is not ours`, async () => {
    const theirs = await probe(incumbent)
    tracing.reset()
    const ours = await probe(throughline)
    expect(ours).toMatchObject({ sound: true })
    // Where this fails the peer has mended it, and the comparison has to go.
    expect(theirs).toMatchObject({ sound: false })
    rows.push(`| ${fault} | ${theirs.what} | ${ours.what} |`)
  })
}

test('the README says what was found', () => {
  const { version } = createRequire(import.meta.url)(
    '../node_modules/@opentelemetry/instrumentation-kafkajs/package.json',
  ) as { version: string }
  const file = new URL('../README.md', import.meta.url)
  const readme = readFileSync(file, 'utf8')
  const [start, end] = ['<!-- comparison -->', '<!-- /comparison -->']
  const from = readme.indexOf(start) + start.length
  const head = `| | instrumentation-kafkajs ${version} | @throughline/kafkajs |\n| --- | --- | --- |`
  const table = `${head}\n${rows.join('\n')}`
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(
      file,
      `${readme.slice(0, from)}\n\n${table}\n\n${readme.slice(readme.indexOf(end))}`,
    )
    return
  }
  const written = readme.slice(from, readme.indexOf(end))
  expect(
    cells(written),
    'stale; run UPDATE_DOCS=1 vitest run packages/kafkajs/test/incumbent',
  ).toBe(cells(table))
})

/** Without the padding that the formatter gives a table. */
function cells(table: string): string {
  return table
    .trim()
    .replaceAll(/ +\| +/g, ' | ')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/ {2,}/g, ' ')
}

function batchOf(messages: readonly object[]): object {
  return { batch: { topic, partition: 0, messages } }
}

/** What went wrong, and whether it was a rejection or thrown at the caller. */
async function attempt(call: () => Promise<unknown>): Promise<string | undefined> {
  let pending: Promise<unknown>
  try {
    pending = call()
  } catch (error) {
    return `throws ${(error as Error).name}`
  }
  return pending.then(
    () => undefined,
    (error: Error) => `rejects with ${error.name}`,
  )
}
