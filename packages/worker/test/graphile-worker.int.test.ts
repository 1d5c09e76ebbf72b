import { randomUUID } from 'node:crypto'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { Logger, makeWorkerUtils, run, type TaskList, type WorkerUtils } from 'graphile-worker'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { traceAddJob, traceTaskList } from '../src/graphile-worker/index.ts'

const SHARED = {
  connectionString: process.env['DATABASE_URL']!,
  schema: `g_${randomUUID().replaceAll('-', '')}`.slice(0, 20),
  logger: new Logger(() => () => {}),
}

let tracing: TestTracing
let utils: WorkerUtils
const closing: (() => unknown)[] = []
beforeAll(async () => {
  tracing = createTestTracing()
  utils = await makeWorkerUtils(SHARED)
  await utils.migrate()
})
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  tracing.reset()
})
afterAll(async () => {
  await utils.release()
  await tracing.shutdown()
})

async function work(tasks: TaskList): Promise<void> {
  const runner = await withSpan('boot', () =>
    run({ ...SHARED, taskList: traceTaskList(tasks), noHandleSignals: true, pollInterval: 50 }),
  )
  closing.push(() => runner.stop())
}
const processed = (count: number): Promise<TestSpan[]> =>
  tracing.waitFor<TestSpan[] | undefined>((spans) => {
    const found = spans.filter((span) => span.kind === 'CONSUMER')
    return found.length >= count ? found : undefined
  }, 15_000)

it('relates a job to its send, tells its attempt and its wait, and hands its own payload over', async () => {
  const payloads: unknown[] = []
  await work({
    ship: async (payload) => {
      payloads.push(payload)
      withSpan('inside', () => {})
    },
  })
  const addJob = traceAddJob(utils.addJob)
  const job = await withSpan('request', () => addJob('ship', { order: 7 }))
  const [process] = await processed(1)
  const send = tracing.span('send ship')
  expect(process).toMatchObject({
    name: 'process ship',
    parentSpanId: undefined,
    links: [{ spanId: send.spanId }],
  })
  expect(process!.attributes).toMatchObject({
    'messaging.system': 'graphile_worker',
    'messaging.message.id': job.id,
    'job.attempt': 1,
    'job.max_attempts': 25,
    'job.queue.wait': expect.any(Number),
    'job.outcome': 'completed',
  })
  expect(tracing.span('inside').parentSpanId).toBe(process!.spanId)
  expect(payloads).toEqual([{ order: 7 }])
  const { traceId } = tracing.span('boot')
  expect(tracing.spans().filter((span) => span.traceId === traceId)).toHaveLength(1)
})

it('makes an error of a failed attempt, and says whether there will be another', async () => {
  await work({
    ship: async () => {
      throw new RangeError('no')
    },
  })
  await traceAddJob(utils.addJob)('ship', {}, { maxAttempts: 1 })
  const [span] = await processed(1)
  expect(span).toMatchObject({
    status: 'ERROR',
    attributes: { 'job.outcome': 'failed', 'error.type': 'RangeError' },
  })
})

it('traces jobs that a task adds, as its children', async () => {
  await work({
    first: async (_, helpers) => void (await helpers.addJob('second', {})),
    second: async () => {},
  })
  await traceAddJob(utils.addJob)('first', null)
  const [first] = await processed(2)
  expect(tracing.span('send second').parentSpanId).toBe(first!.spanId)
  expect(tracing.span('process second').links).toMatchObject([
    { spanId: tracing.span('send second').spanId },
  ])
})

it('leaves a list alone, which is a batch of jobs to Graphile Worker', async () => {
  const payloads: unknown[] = []
  await work({ ship: async (payload) => void payloads.push(payload) })
  await traceAddJob(utils.addJob)('ship', [{ a: 1 }, { a: 2 }])
  await processed(1)
  expect(payloads).toEqual([[{ a: 1 }, { a: 2 }]])
})

it('does not count an intended delay as waiting', async () => {
  await work({ ship: async () => {} })
  await traceAddJob(utils.addJob)('ship', {}, { runAt: new Date(Date.now() + 1000) })
  const [span] = await processed(1)
  expect(span!.attributes['job.age']).toBeGreaterThanOrEqual(0.9)
  expect(Number(span!.attributes['job.queue.wait'])).toBeLessThan(
    Number(span!.attributes['job.age']) - 0.8,
  )
})

it('changes nothing when it is not enabled', () => {
  const tasks: TaskList = { ship: async () => {} }
  expect(traceTaskList(tasks, { enabled: false })).toBe(tasks)
  expect(traceAddJob(utils.addJob, { enabled: false })).toBe(utils.addJob)
})
