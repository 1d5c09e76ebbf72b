import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createJobTracer, type BatchedJob, type JobTracer } from '../src/index.ts'

let tracing: TestTracing
let jobs: JobTracer
beforeAll(() => {
  tracing = createTestTracing()
  jobs = createJobTracer({ system: 'outbox' })
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const enqueued = (count: number): BatchedJob[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${n}`,
    carrier: jobs.enqueue({ queue: 'mail', name: 'welcome' }, (carrier) => carrier),
  }))

it('links one span to every sender, wherever it is called from', () => {
  const items = enqueued(3)
  withSpan('poll', () => jobs.processBatch({ queue: 'mail', items }, () => 'done'))
  const batch = tracing.span('process mail')
  const sends = tracing.spans().filter((span) => span.name === 'send mail')
  expect(batch.parentSpanId).toBeUndefined()
  expect(batch.links.map((link) => link.spanId)).toEqual(sends.map((send) => send.spanId))
  expect(batch.links.map((link) => link.attributes)).toEqual(
    ['0', '1', '2'].map((id) => ({ 'messaging.message.id': id })),
  )
  expect(batch.attributes['messaging.batch.message_count']).toBe(3)
})

it('gives each job that is run on its own a span below, linked to its sender', async () => {
  const items = enqueued(2)
  await jobs.processBatch({ queue: 'mail', items }, async (runItem) => {
    for (const [index] of items.entries())
      await runItem(index, async () => withSpan(`in ${index}`, () => {}))
  })
  expect(tracing.tree()).toBe(
    [
      'send mail [PRODUCER]',
      'send mail [PRODUCER]',
      'process mail [CONSUMER] -> send mail, send mail',
      '  process mail [CONSUMER] -> process mail, send mail',
      '    in 0 [INTERNAL]',
      '  process mail [CONSUMER] -> process mail, send mail',
      '    in 1 [INTERNAL]',
    ].join('\n'),
  )
})

it('keeps a job of the relation "parent" in the trace of its sender', () => {
  const tracer = createJobTracer({ system: 'outbox', relation: 'parent' })
  const items = enqueued(1)
  tracer.processBatch({ queue: 'mail', items }, (runItem) => runItem(0, () => {}))
  const [send] = tracing.spans()
  const item = tracing.spans().find((span) => span.parentSpanId === send!.spanId)
  expect(item?.links).toHaveLength(2)
})

it('makes one failed job an error, and not its batch', () => {
  const error = new RangeError('no')
  jobs.processBatch(
    { queue: 'mail', items: [{ name: 'welcome', attempt: 1, maxAttempts: 2 }] },
    (runItem) => {
      expect(() =>
        runItem(0, () => {
          throw error
        }),
      ).toThrow(error)
    },
  )
  const [item, batch] = tracing.spans()
  expect(item).toMatchObject({
    status: 'ERROR',
    attributes: { 'job.outcome': 'retry', 'job.name': 'welcome' },
  })
  expect(batch?.status).toBe('UNSET')
})

it('makes a batch that fails an error, and lets its error through', async () => {
  const error = new TypeError('down')
  await expect(
    jobs.processBatch({ queue: 'mail', items: [] }, () => Promise.reject(error)),
  ).rejects.toBe(error)
  expect(tracing.span('process mail')).toMatchObject({ status: 'ERROR', statusMessage: 'down' })
})

it('carries 128 links at most', () => {
  jobs.processBatch({ queue: 'mail', items: enqueued(200) }, () => {})
  expect(tracing.span('process mail').links).toHaveLength(128)
})

it('runs an index that is none without a span, and ignored batches without any', () => {
  const answer = jobs.processBatch({ queue: 'mail', items: [] }, (runItem) => runItem(5, () => 7))
  expect(answer).toBe(7)
  expect(tracing.spans()).toHaveLength(1)
  tracing.reset()
  const ignoring = createJobTracer({ system: 'outbox', ignore: ({ queue }) => queue === 'mail' })
  ignoring.processBatch({ queue: 'mail', items: [{}] }, (runItem) =>
    runItem(0, () => withSpan('inside', () => {})),
  )
  expect(tracing.spans()).toEqual([])
})
