import { randomUUID } from 'node:crypto'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { PgBoss as PgBoss12 } from 'pg-boss'
import PgBoss10 from 'pg-boss-10'
import PgBoss11 from 'pg-boss-11'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { traceBossJob, tracePgBoss, type PgBossTracingOptions } from '../src/pg-boss/index.ts'

let tracing: TestTracing
const started: PgBoss12[] = []
beforeAll(() => {
  tracing = createTestTracing()
})
afterAll(async () => {
  await Promise.all(started.map((boss) => boss.stop({ graceful: false })))
  await tracing.shutdown()
})

type Version = 10 | 11 | 12
// What the tests call is the same in all three, but for `insert` of pg-boss 10.
const VERSIONS = {
  10: PgBoss10 as unknown as typeof PgBoss12,
  11: PgBoss11 as unknown as typeof PgBoss12,
  12: PgBoss12,
}
let creating = Promise.resolve()
const schemas = new Map<Version, string>()
const schemaOf = (version: Version): string => {
  const made =
    schemas.get(version) ?? `b${version}_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  schemas.set(version, made)
  return made
}

interface Started {
  readonly boss: PgBoss12
  readonly queue: string
  /** The process spans of this queue, as soon as there are so many. */
  readonly processed: (count: number) => Promise<TestSpan[]>
  /** The only span of this queue with this name. */
  readonly sent: () => TestSpan
}

// Tests run at the same time, because pg-boss polls only twice a second: each looks at its own queue.
async function startBoss(
  version: Version,
  options: PgBossTracingOptions = {},
  said: boolean = options.native ?? false,
): Promise<Started> {
  const boss = tracePgBoss(
    new VERSIONS[version]({
      connectionString: process.env['DATABASE_URL']!,
      schema: schemaOf(version),
      schedule: false,
      ...(!said && { openTelemetry: { enabled: false } }),
    }),
    options,
  )
  boss.on('error', () => {})
  expect(await boss.start()).toBe(boss)
  started.push(boss)
  const queue = `q-${randomUUID()}`
  creating = creating.then(() => boss.createQueue(queue)) // pg-boss 10 deadlocks with itself
  await creating
  const own = (): TestSpan[] =>
    tracing.spans().filter((span) => span.attributes['messaging.destination.name'] === queue)
  return {
    boss,
    queue,
    processed: async (count) => {
      const consumers = (): TestSpan[] => own().filter((span) => span.kind === 'CONSUMER')
      await tracing.waitFor(() => consumers().length >= count, 15_000)
      return consumers()
    },
    sent: () => {
      const sends = own().filter((span) => span.kind === 'PRODUCER')
      expect(sends).toHaveLength(1)
      return sends[0]!
    },
  }
}

const FAST = { pollingIntervalSeconds: 0.5, includeMetadata: true } as const

describe.concurrent.each([10, 11, 12] as const)('pg-boss %i', (version) => {
  it('relates a job to its send, tells its attempt and its wait, and hands its own data over', async () => {
    const { boss, queue, processed, sent } = await startBoss(version)
    const seen: unknown[] = []
    const { traceId } = await withSpan('boot', async (span) => {
      await boss.work(queue, FAST, async ([job]) => {
        seen.push(job!.data)
        withSpan(`inside ${queue}`, () => {})
      })
      return span.spanContext()
    })
    const id = await withSpan(`request ${queue}`, () => boss.send(queue, { order: 7 }))
    const [process] = await processed(1)
    expect(process).toMatchObject({
      name: `process ${queue}`,
      status: 'UNSET',
      parentSpanId: undefined,
    })
    expect(process!.traceId).not.toBe(traceId)
    expect(process!.links).toMatchObject([{ spanId: sent().spanId }])
    expect(process!.attributes).toMatchObject({
      'messaging.system': 'pg-boss',
      'messaging.message.id': id,
      'job.attempt': 1,
      'job.max_attempts': 3,
      'job.queue.wait': expect.any(Number),
      'job.outcome': 'completed',
    })
    expect(tracing.span(`inside ${queue}`).parentSpanId).toBe(process!.spanId)
    expect(seen).toEqual([{ order: 7 }])
    expect(sent().parentSpanId).toBe(tracing.span(`request ${queue}`).spanId)
  })

  it('makes an error of each failed attempt, linked to the same send', async () => {
    const { boss, queue, processed, sent } = await startBoss(version)
    await boss.work(queue, FAST, async () => {
      throw new RangeError('no')
    })
    await boss.send({ name: queue, options: { retryLimit: 1, retryDelay: 0 } })
    const spans = await processed(2)
    expect(
      spans.map(({ status, attributes }) => [
        status,
        attributes['error.type'],
        attributes['job.outcome'],
        attributes['job.attempt'],
      ]),
    ).toEqual([
      ['ERROR', 'RangeError', 'retry', 1],
      ['ERROR', 'RangeError', 'failed', 2],
    ])
    expect(spans.map((span) => span.links[0]?.spanId)).toEqual(Array(2).fill(sent().spanId))
  })

  it('does not count an intended delay as waiting', async () => {
    const { boss, queue, processed } = await startBoss(version)
    await boss.work(queue, FAST, async () => {})
    await boss.sendAfter(queue, null, null, 1)
    const [span] = await processed(1)
    expect(span!.attributes['job.age']).toBeGreaterThanOrEqual(1)
    expect(Number(span!.attributes['job.queue.wait'])).toBeLessThan(
      Number(span!.attributes['job.age']) - 0.9,
    )
  })

  it('links a batch to every send, and gives each of its jobs a span where it is run on its own', async () => {
    const { boss, queue, processed, sent } = await startBoss(version)
    const data: unknown[] = []
    const jobs = [{ data: { n: 1 } }, { data: { n: 2 } }, {}]
    if (version === 10) {
      const insert = boss.insert.bind(boss) as unknown as (jobs: unknown[]) => Promise<unknown>
      await insert(jobs.map((job) => ({ ...job, name: queue })))
    } else {
      await boss.insert(queue, jobs)
    }
    await boss.work(queue, { ...FAST, batchSize: 10 }, async (batch) => {
      for (const job of batch) await traceBossJob(job, async () => data.push(job.data))
    })
    const spans = await processed(4)
    const batch = spans.find((span) => span.attributes['messaging.batch.message_count'] === 3)
    expect(batch!.links).toMatchObject([{ spanId: sent().spanId }])
    const each = spans.filter((span) => span.parentSpanId === batch!.spanId)
    expect(each.map((span) => span.links.at(-1)?.spanId)).toEqual(Array(3).fill(sent().spanId))
    expect(sent().attributes['messaging.batch.message_count']).toBe(3)
    expect(data).toHaveLength(3)
    expect(data).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }, null]))
  })

  it('links what is published to the publication, in every queue that subscribed', async () => {
    const [one, other] = await Promise.all([startBoss(version), startBoss(version)])
    const event = `e-${randomUUID()}`
    for (const { boss, queue } of [one, other]) {
      await boss.subscribe(event, queue)
      await boss.work(queue, FAST, async () => {})
    }
    await one.boss.publish(event, { order: 7 })
    const spans = [...(await one.processed(1)), ...(await other.processed(1))]
    const { spanId } = tracing.span(`send ${event}`)
    expect(spans.map((span) => span.links[0]?.spanId)).toEqual([spanId, spanId])
  })
})

it.concurrent('gives each queue a send of its own where one call of pg-boss 10 inserts into several', async () => {
  const [one, other] = await Promise.all([startBoss(10), startBoss(10)])
  const insert = one.boss.insert.bind(one.boss) as unknown as (jobs: unknown[]) => Promise<unknown>
  const jobs = [one, other, one].map(({ queue }) => ({ name: queue, data: {} }))
  await withSpan(`request ${one.queue}`, () => insert(jobs))
  const { spanId } = tracing.span(`request ${one.queue}`)
  const sends = [one.sent(), other.sent()]
  expect(sends.map((span) => span.parentSpanId)).toEqual([spanId, spanId])
  expect(sends.map((span) => span.attributes['messaging.batch.message_count'])).toEqual([2, 1])
  for (const { boss, queue } of [one, other]) await boss.work(queue, FAST, async () => {})
  const [span] = await other.processed(1)
  expect(span!.links).toMatchObject([{ spanId: other.sent().spanId }])
})

it.concurrent('traces the flows and the upserts of pg-boss 12', async () => {
  const { boss, queue, processed } = await startBoss(12)
  await boss.flow([
    { ref: 'first', name: queue },
    { ref: 'last', name: queue, data: { n: 2 }, dependsOn: ['first'] },
  ])
  await boss.upsert(queue, { n: 3 }, { singletonKey: 'k' })
  await boss.work(queue, FAST, async () => {})
  await vi.waitFor(async () => {
    await boss.resolveFlow() // it does so itself, now and then
    expect(await boss.findJobs(queue, { queued: true })).toEqual([])
  }, 15_000)
  const spans = await processed(3)
  const sends = tracing
    .spans()
    .filter((span) => span.name === `send ${queue}`)
    .map((span) => span.spanId)
  expect(sends).toHaveLength(2)
  expect(new Set(spans.map((span) => span.links[0]?.spanId))).toEqual(new Set(sends))
})

describe.concurrent('where pg-boss 12 makes spans of its own', () => {
  it('adds to them, and makes none', async () => {
    const { boss, queue, processed, sent } = await startBoss(12, { native: true })
    await boss.work(queue, FAST, async () => {})
    await boss.send(queue, {})
    const [span] = await processed(1)
    expect(span!.scope.name).toBe('pg-boss')
    expect(sent().scope.name).toBe('pg-boss')
    expect(span!.attributes).toMatchObject({
      'job.attempt': 1,
      'job.queue.wait': expect.any(Number),
    })
  })

  it('steps aside where nobody said so', async () => {
    const { boss, queue, processed } = await startBoss(12, {}, true)
    await boss.work(queue, FAST, async () => {})
    await boss.send(queue, {})
    const spans = await processed(1)
    expect(spans.map((span) => span.scope.name)).toEqual(['pg-boss'])
  })

  it('keeps its loops out of the trace that they are started in', async () => {
    const { traceId, processed } = await withSpan('boot', async (span) => {
      const { boss, queue, ...rest } = await startBoss(12, { native: true })
      await boss.work(queue, FAST, async () => {})
      await boss.send(queue, {})
      return { ...rest, ...span.spanContext() }
    })
    await processed(1)
    const ofBoot = tracing.spans().filter((span) => span.traceId === traceId)
    expect(
      ofBoot.map((span) => span.name.split(' ')[0]!).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['boot', 'send'])
  })
})

it('changes nothing when it is not enabled', () => {
  const boss = new PgBoss12({ connectionString: 'postgres://localhost/none' })
  expect(tracePgBoss(boss, { enabled: false })).toBe(boss)
})
