import { randomUUID } from 'node:crypto'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import * as bullmq6 from 'bullmq'
import * as bullmq5Early from 'bullmq-5'
import * as bullmq5 from 'bullmq-5-last'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'
import { connection } from './fixtures/redis.ts'

// The rest of the tests run on BullMQ 6 with Redis. What is wired here is what a user of another version, or of
// PostgreSQL, would write; the classes are used alike.
type Classes = Pick<typeof bullmq6, 'Queue' | 'Worker' | 'FlowProducer'>
const POSTGRES = 'BullMQ 6 on PostgreSQL'
const ENGINES: Record<string, Classes> = {
  [POSTGRES]: bullmq6.withBackend(bullmq6.createPostgresBackend) as unknown as Classes,
  'BullMQ 5.81 on Redis': bullmq5 as unknown as Classes,
  'BullMQ 5.63 on Redis': bullmq5Early as unknown as Classes,
}

const schema = `m_${randomUUID().replaceAll('-', '').slice(0, 12)}`
const connectionOf = (engine: string): ReturnType<typeof connection> =>
  engine === POSTGRES ? postgres(false) : connection()
const postgres = (migrate: boolean): ReturnType<typeof connection> =>
  ({ connectionString: process.env['DATABASE_URL']!, schema, migrate, max: 4 }) as never

let tracing: TestTracing
const closing: (() => unknown)[] = []
beforeAll(async () => {
  tracing = createTestTracing()
  const migrating = new ENGINES[POSTGRES]!.Queue('first', { connection: postgres(true) })
  await migrating.waitUntilReady()
  await migrating.close()
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await tracing.shutdown()
})

const telemetry = bullmqTelemetry()

// The tests of this file run at the same time, each with a queue of its own.
function queueOf(engine: string): bullmq6.Queue {
  const { Queue } = ENGINES[engine]!
  const queue = new Queue(`q-${randomUUID()}`, { connection: connectionOf(engine), telemetry })
  queue.on('error', () => {})
  closing.push(() => queue.close())
  return queue
}

function work(
  engine: string,
  queue: bullmq6.Queue,
  processor: bullmq6.Processor,
  options: Partial<bullmq6.WorkerOptions> = {},
): bullmq6.Worker {
  const { Worker } = ENGINES[engine]!
  const worker = new Worker(queue.name, traceProcessor(processor), {
    connection: connectionOf(engine),
    telemetry,
    ...options,
  })
  worker.on('error', () => {})
  closing.push(() => worker.close(true))
  return worker
}

const spansOf = (queue: bullmq6.Queue, kind: string): TestSpan[] =>
  tracing
    .spans()
    .filter(
      (span) => span.kind === kind && span.attributes['messaging.destination.name'] === queue.name,
    )

async function processed(queue: bullmq6.Queue, count: number): Promise<TestSpan[]> {
  await tracing.waitFor(() => spansOf(queue, 'CONSUMER').length >= count, 20_000)
  return spansOf(queue, 'CONSUMER')
}

const linksOf = (spans: readonly TestSpan[]): (string | undefined)[] =>
  spans.map((span) => span.links[0]?.spanId)

describe.concurrent.each(Object.keys(ENGINES))('%s', (engine) => {
  it('makes one span of a send and one of each attempt, linked to it', async () => {
    const queue = queueOf(engine)
    work(engine, queue, async (job) => {
      if (job.attemptsMade === 0) throw new RangeError('again')
      return withSpan(`inside ${queue.name}`, () => ({ secret: 'result' }))
    })
    await withSpan(`request ${queue.name}`, () => queue.add('ship', {}, { attempts: 2 }))
    const spans = await processed(queue, 2)
    const [send, ...more] = spansOf(queue, 'PRODUCER')
    expect(more).toEqual([])
    expect(send!.parentSpanId).toBe(tracing.span(`request ${queue.name}`).spanId)
    expect(linksOf(spans)).toEqual([send!.spanId, send!.spanId])
    expect(new Set([send, ...spans].map((span) => span!.traceId)).size).toBe(3)
    expect(spans.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
      ['ERROR', 'RangeError'],
      ['UNSET', undefined],
    ])
    expect(
      spans.map(({ attributes }) => [attributes['job.attempt'], attributes['job.outcome']]),
    ).toEqual([
      [1, 'retry'],
      [2, 'completed'],
    ])
    expect(spans[0]!.attributes['job.queue.wait']).toBeGreaterThanOrEqual(0)
    expect(tracing.span(`inside ${queue.name}`).parentSpanId).toBe(spans[1]!.spanId)
    expect(JSON.stringify(spans)).not.toContain('secret')
  })

  it('makes one span of a bulk, to which all its jobs link', async () => {
    const queue = queueOf(engine)
    work(engine, queue, async () => {}, { concurrency: 5 })
    await queue.addBulk(Array.from({ length: 10 }, (_, n) => ({ name: 'ship', data: { n } })))
    const spans = await processed(queue, 10)
    const [send] = spansOf(queue, 'PRODUCER')
    expect(send!.attributes['messaging.batch.message_count']).toBe(10)
    expect(linksOf(spans)).toEqual(Array(10).fill(send!.spanId))
  })

  it('F9: makes a span of each job of a flow, to which its attempt links', async () => {
    const queue = queueOf(engine)
    const { FlowProducer } = ENGINES[engine]!
    const flows = new FlowProducer({ connection: connectionOf(engine), telemetry })
    closing.push(() => flows.close())
    work(engine, queue, async () => {})
    const node = { name: 'child', queueName: queue.name, opts: {} }
    await flows.add({ name: 'parent', queueName: queue.name, opts: {}, children: [node, node] })
    const spans = await processed(queue, 3)
    const created = spansOf(queue, 'PRODUCER').filter((span) => span.name.startsWith('create'))
    expect(created).toHaveLength(3)
    expect(new Set(linksOf(spans))).toEqual(new Set(created.map((span) => span.spanId)))
  })

  it('F8: starts a trace for each run of a job scheduler, outside of the one that set it up', async () => {
    const queue = queueOf(engine)
    work(engine, queue, async () => {})
    const { traceId } = await withSpan('boot', async (span) => {
      await queue.upsertJobScheduler('tick', { every: 100 })
      return span.spanContext()
    })
    const spans = await processed(queue, 3)
    await queue.removeJobScheduler('tick')
    expect(new Set([traceId, ...spans.map((span) => span.traceId)]).size).toBe(spans.length + 1)
    expect(new Set(linksOf(spans)).size).toBe(1)
    expect(spans.every((span) => typeof span.attributes['job.schedule'] === 'string')).toBe(true)
  })

  it('F1: says of a job that it was taken back from a worker that was gone', async () => {
    const queue = queueOf(engine)
    let started = (): void => {}
    const running = new Promise<void>((resolve) => (started = resolve))
    const hang = async (): Promise<void> => {
      started()
      await new Promise<never>(() => {})
    }
    work(engine, queue, hang, { lockDuration: 100, skipLockRenewal: true, skipStalledCheck: true })
    await queue.add('ship', {})
    await running
    work(engine, queue, async () => {}, { stalledInterval: 60 })
    const [span] = await processed(queue, 1)
    expect(linksOf([span!])).toEqual([spansOf(queue, 'PRODUCER')[0]!.spanId])
    expect(span!.attributes).toMatchObject({
      'job.redelivered': true,
      'job.stalled_count': 1,
      'job.outcome': 'completed',
    })
    expect(span!.attributes).not.toHaveProperty('job.queue.wait')
  })

  it('F7: does not count an intended delay as waiting', async () => {
    const queue = queueOf(engine)
    work(engine, queue, async () => {})
    await queue.add('ship', {}, { delay: 1000 })
    const [span] = await processed(queue, 1)
    expect(span!.attributes['job.delay']).toBe(1)
    expect(span!.attributes['job.age']).toBeGreaterThanOrEqual(1)
    expect(span!.attributes['job.queue.wait']).toBeLessThan(0.9)
  })

  it.each([1, 5])(
    'F4: processes all jobs, whatever their metadata is, at concurrency %i',
    async (concurrency) => {
      const queue = queueOf(engine)
      const malformed = ['not json', '', '"text"', 'null', '[]', '12', '{"traceparent":[1]}']
      const metadata = [...malformed, 1, true, ['a'], { traceparent: 'x' }] as string[]
      const { Queue } = ENGINES[engine]!
      const plain = new Queue(queue.name, { connection: connectionOf(engine) })
      closing.push(() => plain.close())
      const jobs = metadata.map((text) => ({
        name: 'ship',
        data: {},
        opts: { telemetry: { metadata: text } },
      }))
      await plain.addBulk([...jobs, { name: 'last', data: {}, opts: {} }])
      const worker = work(engine, queue, async () => {}, { concurrency })
      const spans = await processed(queue, jobs.length + 1)
      expect(spans.every((span) => span.status === 'UNSET' && span.links.length === 0)).toBe(true)
      expect(worker.isRunning()).toBe(true)
    },
  )

  it('adds nothing to the trace that a worker was constructed in', async () => {
    const queue = queueOf(engine)
    const { traceId } = await withSpan(`boot ${queue.name}`, async (span) => {
      await work(engine, queue, async () => {}, { stalledInterval: 50 }).waitUntilReady()
      return span.spanContext()
    })
    await queue.add('ship', {})
    await queue.add('ship', {})
    await processed(queue, 2)
    const ofBoot = tracing.spans().filter((span) => span.traceId === traceId)
    expect(ofBoot.map((span) => span.name)).toEqual([`boot ${queue.name}`])
  })
})
