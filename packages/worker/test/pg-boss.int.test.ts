import { randomUUID } from 'node:crypto'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { PgBoss } from 'pg-boss'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { traceBossJob, tracePgBoss, type PgBossTracingOptions } from '../src/pg-boss/index.ts'

let tracing: TestTracing
const closing: (() => unknown)[] = []
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const schema = `b_${randomUUID().replaceAll('-', '')}`.slice(0, 20)

async function startBoss(
  options: PgBossTracingOptions = {},
): Promise<{ boss: PgBoss; queue: string }> {
  const boss = tracePgBoss(
    new PgBoss({
      connectionString: process.env['DATABASE_URL']!,
      schema,
      schedule: false,
      ...(!options.native && { openTelemetry: { enabled: false } }),
    }),
    options,
  )
  boss.on('error', () => {})
  expect(await boss.start()).toBe(boss)
  closing.push(() => boss.stop({ graceful: false }))
  const queue = `q-${randomUUID()}`
  await boss.createQueue(queue)
  return { boss, queue }
}

const FAST = { pollingIntervalSeconds: 0.5, includeMetadata: true } as const
const processed = (count: number): Promise<TestSpan[]> =>
  tracing.waitFor<TestSpan[] | undefined>((spans) => {
    const found = spans.filter((span) => span.kind === 'CONSUMER')
    return found.length >= count ? found : undefined
  }, 15_000)

it('relates a job to its send, tells its attempt and its wait, and hands its own data over', async () => {
  const { boss, queue } = await startBoss()
  const seen: unknown[] = []
  await withSpan('boot', () =>
    boss.work(queue, FAST, async ([job]) => {
      seen.push(job!.data)
      withSpan('inside', () => {})
    }),
  )
  const id = await withSpan('request', () => boss.send(queue, { order: 7 }))
  const [process] = await processed(1)
  expect(process).toMatchObject({
    name: `process ${queue}`,
    status: 'UNSET',
    parentSpanId: undefined,
  })
  expect(process!.links).toMatchObject([{ spanId: tracing.span(`send ${queue}`).spanId }])
  expect(process!.attributes).toMatchObject({
    'messaging.system': 'pg-boss',
    'messaging.message.id': id,
    'job.attempt': 1,
    'job.max_attempts': 3,
    'job.queue.wait': expect.any(Number),
    'job.outcome': 'completed',
  })
  expect(tracing.span('inside').parentSpanId).toBe(process!.spanId)
  expect(seen).toEqual([{ order: 7 }])
  expect(tracing.span(`send ${queue}`).parentSpanId).toBe(tracing.span('request').spanId)
})

it('makes an error of each failed attempt, linked to the same send', async () => {
  const { boss, queue } = await startBoss()
  await boss.work(queue, FAST, async () => {
    throw new RangeError('no')
  })
  await boss.send({ name: queue, options: { retryLimit: 1, retryDelay: 0 } })
  const spans = await processed(2)
  expect(
    spans.map((span) => [
      span.status,
      span.attributes['job.outcome'],
      span.attributes['job.attempt'],
    ]),
  ).toEqual([
    ['ERROR', 'retry', 1],
    ['ERROR', 'failed', 2],
  ])
  expect(new Set(spans.map((span) => span.links[0]?.spanId)).size).toBe(1)
})

it('does not count an intended delay as waiting', async () => {
  const { boss, queue } = await startBoss()
  await boss.work(queue, FAST, async () => {})
  await boss.sendAfter(queue, null, null, 1)
  const [span] = await processed(1)
  expect(span!.attributes['job.age']).toBeGreaterThanOrEqual(1)
  expect(Number(span!.attributes['job.queue.wait'])).toBeLessThan(
    Number(span!.attributes['job.age']) - 0.9,
  )
})

it('links a batch to every send, and gives each of its jobs a span where it is run on its own', async () => {
  const { boss, queue } = await startBoss()
  const data: unknown[] = []
  await boss.insert(queue, [{ data: { n: 1 } }, { data: { n: 2 } }, {}])
  await boss.work(queue, { ...FAST, batchSize: 10 }, async (jobs) => {
    for (const job of jobs) await traceBossJob(job, async () => data.push(job.data))
  })
  const spans = await processed(4)
  const batch = spans.find((span) => span.attributes['messaging.batch.message_count'] === 3)
  expect(batch).toBeDefined()
  expect(spans.filter((span) => span.parentSpanId === batch!.spanId)).toHaveLength(3)
  expect(tracing.span(`send ${queue}`).attributes['messaging.batch.message_count']).toBe(3)
  expect(data).toHaveLength(3)
  expect(data).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }, null]))
})

describe('where pg-boss makes spans of its own', () => {
  it('adds to them, and makes none', async () => {
    const { boss, queue } = await startBoss({ native: true })
    await boss.work(queue, FAST, async () => {})
    await boss.send(queue, {})
    const [span] = await processed(1)
    expect(span!.scope.name).toBe('pg-boss')
    expect(span!.attributes).toMatchObject({
      'job.attempt': 1,
      'job.queue.wait': expect.any(Number),
    })
    expect(
      tracing.spans().filter((each) => each.scope.name.startsWith('@throughline/worker')),
    ).toEqual([])
  })

  it('steps aside where nobody said so', async () => {
    const boss = tracePgBoss(
      new PgBoss({ connectionString: process.env['DATABASE_URL']!, schema, schedule: false }),
    )
    await boss.start()
    closing.push(() => boss.stop({ graceful: false }))
    const queue = `q-${randomUUID()}`
    await boss.createQueue(queue)
    await boss.work(queue, FAST, async () => {})
    await boss.send(queue, {})
    await processed(1)
    expect(tracing.spans().filter((span) => span.kind === 'CONSUMER')).toHaveLength(1)
  })

  it('keeps its loops out of the trace that they are started in', async () => {
    const traceId = await withSpan('boot', async (span) => {
      const { boss, queue } = await startBoss({ native: true })
      await boss.work(queue, FAST, async () => {})
      await boss.send(queue, {})
      return span.spanContext().traceId
    })
    await processed(1)
    const ofBoot = tracing.spans().filter((span) => span.traceId === traceId)
    expect(
      ofBoot.map((span) => span.name.split(' ')[0]!).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['boot', 'send'])
  })
})

it('changes nothing when it is not enabled', () => {
  const boss = new PgBoss({ connectionString: 'postgres://localhost/none' })
  expect(tracePgBoss(boss, { enabled: false })).toBe(boss)
})
