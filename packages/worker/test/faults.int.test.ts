import { once } from 'node:events'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { BullMQOtel } from 'bullmq-otel'
import { DelayedError, FlowProducer, RateLimitError, type Processor } from 'bullmq'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bullmqTelemetry, traceProcessor, tracedFlow } from '../src/bullmq/index.ts'
import { Bench, attempts, connection } from './fixtures/redis.ts'

// The numbers are those of the fault table that the package is built by.
let tracing: TestTracing
const bench = new Bench()
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await bench.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const consumers = (spans: readonly TestSpan[]): TestSpan[] =>
  spans.filter((span) => span.kind === 'CONSUMER')
const processed = (count: number): Promise<TestSpan[]> =>
  tracing.waitFor<TestSpan[] | undefined>((spans) => {
    const found = consumers(spans)
    return found.length >= count ? found : undefined
  }, 15_000)
const telemetry = bullmqTelemetry()
const traced = (processor: Processor): Processor => traceProcessor(processor)

it('F2: a job that stalled too often is an error, without its processor, and nobody crashes', async () => {
  const queue = bench.queue({ telemetry })
  let stuck = (): void => {}
  const running = new Promise<void>((resolve) => (stuck = resolve))
  const hang: Processor = () => {
    stuck()
    return new Promise<never>(() => {})
  }
  const first = bench.worker(queue, hang, {
    lockDuration: 100,
    skipLockRenewal: true,
    skipStalledCheck: true,
  })
  await queue.add('ship', {})
  await running
  await first.close(true)
  let ran = false
  const second = bench.worker(
    queue,
    traced(async () => void (ran = true)),
    {
      telemetry,
      stalledInterval: 60,
      maxStalledCount: 0,
    },
  )
  const failed = once(second, 'failed')
  await failed
  const [span] = await processed(1)
  expect(span).toMatchObject({ status: 'ERROR', attributes: { 'job.outcome': 'failed' } })
  expect(span!.statusMessage).toMatch(/stalled/)
  expect(ran).toBe(false)
})

it('F3: a poison payload makes an error of each of its attempts, the last one "failed"', async () => {
  const queue = bench.queue({ telemetry })
  const worker = bench.worker(
    queue,
    traced(async () => JSON.parse('{')),
    { telemetry },
  )
  const done = attempts(worker, 3)
  await queue.add('ship', {}, { attempts: 3 })
  await done
  const spans = await processed(3)
  expect(spans.map((span) => [span.status, span.attributes['job.outcome']])).toEqual([
    ['ERROR', 'retry'],
    ['ERROR', 'retry'],
    ['ERROR', 'failed'],
  ])
})

it.each([
  ['ahead of', 600_000],
  ['behind', -600_000],
])('F6: a producer ten minutes %s the worker makes no negative wait', async (_, ms) => {
  const queue = bench.queue({ telemetry })
  bench.worker(
    queue,
    traced(async () => {}),
    { telemetry },
  )
  await queue.add('ship', {}, { timestamp: Date.now() + ms })
  const [span] = await processed(1)
  const { 'job.queue.wait': wait, 'job.age': age, 'job.clock_skew': skew } = span!.attributes
  expect([skew, wait === 0, age === 0]).toEqual(
    ms > 0 ? [true, true, true] : [undefined, false, false],
  )
  if (ms < 0) expect(Number(wait)).toBeGreaterThanOrEqual(600)
})

describe('F7', () => {
  it('a job that delays itself a hundred times makes a hundred traces, and no error', async () => {
    const queue = bench.queue({ telemetry })
    const processor: Processor = async (job, token) => {
      if (job.attemptsStarted > 100) return
      await job.moveToDelayed(Date.now(), token)
      throw new DelayedError()
    }
    bench.worker(queue, traced(processor), { telemetry })
    await queue.add('ship', {})
    const spans = await processed(101)
    expect(spans.filter((span) => span.attributes['job.outcome'] === 'delayed')).toHaveLength(100)
    expect(spans.some((span) => span.status === 'ERROR')).toBe(false)
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(101)
  })

  it('a retry with back-off says nothing of a wait that nobody knows', async () => {
    const queue = bench.queue({ telemetry })
    const processor: Processor = async (job) => {
      if (job.attemptsMade === 0) throw new Error('again')
    }
    bench.worker(queue, traced(processor), { telemetry })
    await queue.add('ship', {}, { attempts: 2, backoff: 100 })
    const [first, second] = await processed(2)
    expect(first!.attributes).toHaveProperty('job.queue.wait')
    expect(second!.attributes).not.toHaveProperty('job.queue.wait')
    expect(second!.attributes['job.age']).toBeGreaterThanOrEqual(0.1)
  })

  it('a job that was rate-limited is no error', async () => {
    const queue = bench.queue({ telemetry })
    const worker = bench.worker(
      queue,
      traced(async (job) => {
        if (job.attemptsStarted > 1) return
        await worker.rateLimit(20)
        throw new RateLimitError()
      }),
      { telemetry, limiter: { max: 1, duration: 20 } },
    )
    await queue.add('ship', {})
    const [limited] = await processed(2)
    expect(limited).toMatchObject({
      status: 'UNSET',
      attributes: { 'job.outcome': 'rate_limited' },
    })
  })
})

describe('F9', () => {
  it('a parent and three children of a flow are all related to it, with and without opts', async () => {
    const queue = bench.queue()
    const flows = new FlowProducer({ connection: connection(), telemetry })
    bench.onClose(() => flows.close())
    bench.worker(
      queue,
      traced(async () => {}),
      { telemetry },
    )
    const node = { name: 'child', queueName: queue.name }
    await withSpan('request', () =>
      flows.add(
        tracedFlow({ ...node, name: 'parent', children: [node, { ...node, opts: {} }, node] }),
      ),
    )
    const spans = await processed(4)
    const { traceId } = tracing.span('request')
    expect(spans.map((span) => span.links[0]?.traceId)).toEqual(Array(4).fill(traceId))
    expect(spans.filter((span) => span.attributes['job.parent.id'])).toHaveLength(3)
  })

  it('a bulk of a thousand makes one send, and each of its jobs links to that', async () => {
    const queue = bench.queue({ telemetry })
    await queue.addBulk(Array.from({ length: 1000 }, () => ({ name: 'ship', data: {} })))
    bench.worker(queue, async () => {}, { telemetry, concurrency: 50 })
    const spans = await processed(1000)
    const send = tracing.span(`send ${queue.name}`)
    expect(send.links).toEqual([])
    expect(
      spans.every((span) => span.links.length === 1 && span.links[0]!.spanId === send.spanId),
    ).toBe(true)
  })
})

describe('F18: an old worker and a new one understand each other', () => {
  it('bullmq-otel sends, this one processes', async () => {
    const queue = bench.queue({ telemetry: new BullMQOtel({ tracerName: 'old' }) })
    bench.worker(
      queue,
      traced(async () => {}),
      { telemetry },
    )
    await queue.add('ship', {})
    const [span] = await processed(1)
    const sent = tracing.spans().find((each) => each.kind === 'PRODUCER')
    expect(span!.links).toMatchObject([{ spanId: sent!.spanId }])
  })

  it('this one sends, bullmq-otel processes', async () => {
    const queue = bench.queue({ telemetry })
    bench.worker(queue, async () => {}, { telemetry: new BullMQOtel({ tracerName: 'old' }) })
    await queue.add('ship', {})
    const [span] = await processed(1)
    expect(span!.parentSpanId).toBe(tracing.span(`send ${queue.name}`).spanId)
  })

  it.each([
    ['Sentry', '771a43a4192642f0b136d5159a501700-7e4d9d2f4b5d4e6a-1'],
    [
      'Datadog',
      '{"_datadog":{"x-datadog-trace-id":"1","x-datadog-parent-id":"9101103248439070314"}}',
    ],
  ])('%s sends, this one processes', async (_, metadata) => {
    const queue = bench.queue()
    bench.worker(
      queue,
      traced(async () => {}),
      { telemetry },
    )
    await queue.add('ship', {}, { telemetry: { metadata } })
    const [span] = await processed(1)
    expect(span!.links).toMatchObject([{ spanId: '7e4d9d2f4b5d4e6a' }])
  })
})
