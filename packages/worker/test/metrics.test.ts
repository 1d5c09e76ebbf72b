import type { MeterProvider as ApiMeterProvider } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createTestTracing } from '@throughline/testing'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { createJobTracer, observeQueue } from '../src/index.ts'
import { observePool } from '../src/threads/index.ts'
import { threadFile } from './fixtures/thread-file.ts'
import { Piscina } from 'piscina'

const tracing = createTestTracing({ global: false })
afterAll(() => tracing.shutdown())

let exporter: InMemoryMetricExporter
let meterProvider: MeterProvider
beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  meterProvider = new MeterProvider({ readers: [reader] })
  return () => meterProvider.shutdown()
})

const points = async (name: string): Promise<{ attributes: object; value: unknown }[]> => {
  await meterProvider.forceFlush()
  const metric = exporter
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap((scope) => scope.metrics)
    .find(({ descriptor }) => descriptor.name === name)
  return metric?.dataPoints.map(({ attributes, value }) => ({ attributes, value })) ?? []
}
const tracer = (
  metrics: boolean | ApiMeterProvider | undefined = meterProvider,
): ReturnType<typeof createJobTracer> =>
  createJobTracer({
    system: 'outbox',
    tracerProvider: tracing.tracerProvider,
    ...(metrics !== undefined && { metrics }),
  })
const SERIES = { 'messaging.system': 'outbox', 'messaging.destination.name': 'mail' }

it('counts attempts by outcome, and those that run now', async () => {
  const jobs = tracer()
  const job = { queue: 'mail', name: 'welcome', attempt: 1, maxAttempts: 2 }
  jobs.process(job, () => {})
  expect(() =>
    jobs.process(job, () => {
      throw new Error('no')
    }),
  ).toThrow('no')
  let finish = (): void => {}
  const running = jobs.process(job, () => new Promise<void>((resolve) => (finish = resolve)))
  expect(await points('job.active')).toEqual([{ attributes: SERIES, value: 1 }])
  finish()
  await running
  expect(await points('job.active')).toEqual([{ attributes: SERIES, value: 0 }])
  expect(await points('job.attempts')).toEqual([
    { attributes: { ...SERIES, 'job.outcome': 'completed' }, value: 2 },
    { attributes: { ...SERIES, 'job.outcome': 'retry' }, value: 1 },
  ])
})

it('measures the wait without the delay, in seconds', async () => {
  const enqueuedAt = Date.now() - 10_000
  tracer().process({ queue: 'mail', name: 'welcome', enqueuedAt, delayMs: 4000 }, () => {})
  const [point] = await points('job.queue.wait')
  expect(point).toMatchObject({
    attributes: SERIES,
    value: { count: 1, sum: expect.closeTo(6, 0) },
  })
})

it('measures what the conventions name', async () => {
  const jobs = tracer()
  jobs.enqueue({ queue: 'mail', name: 'welcome', count: 3 }, () => {})
  jobs.processBatch({ queue: 'mail', items: [{}, {}] }, (runItem) => runItem(0, () => {}))
  expect((await points('messaging.client.sent.messages'))[0]).toMatchObject({ value: 3 })
  expect((await points('messaging.client.consumed.messages'))[0]).toMatchObject({ value: 2 })
  expect((await points('messaging.process.duration'))[0]).toMatchObject({ value: { count: 2 } })
})

it('measures nothing unless it is asked to', async () => {
  tracer(false).process({ queue: 'mail', name: 'welcome' }, () => {})
  expect(await points('job.attempts')).toEqual([])
})

it('observes how deep a queue is, by state, until it is stopped', async () => {
  let counted = 0
  const stop = observeQueue({
    system: 'outbox',
    queue: 'mail',
    meterProvider,
    count: async () => {
      counted++
      return { waiting: 3, delayed: 0 }
    },
  })
  expect(await points('job.queue.depth')).toEqual([
    { attributes: { ...SERIES, 'job.state': 'waiting' }, value: 3 },
    { attributes: { ...SERIES, 'job.state': 'delayed' }, value: 0 },
  ])
  stop()
  await points('job.queue.depth')
  expect(counted).toBe(1)
})

it('goes on where a queue cannot be counted', async () => {
  const count = (): never => {
    throw new Error('down')
  }
  observeQueue({ system: 'outbox', queue: 'mail', meterProvider, count })
  expect(await points('job.queue.depth')).toEqual([])
  expect(() => observeQueue({ system: 'o', queue: 'q', count: 1 as never })).toThrow(
    /option "count"/,
  )
})

it('observes a pool of threads', async () => {
  const { href: filename } = await threadFile('task.ts')
  const pool = new Piscina({ filename, maxThreads: 1 })
  const stop = observePool({ name: 'labels', pool, meterProvider })
  await pool.run({})
  const attributes = { 'job.pool.name': 'labels' }
  expect(await points('job.pool.threads')).toEqual([{ attributes, value: 1 }])
  expect(await points('job.pool.waiting')).toEqual([{ attributes, value: 0 }])
  expect(await points('job.pool.completed')).toEqual([{ attributes, value: 1 }])
  stop()
  await pool.destroy()
  expect(() => observePool({ name: 1 as never, pool })).toThrow(/option "name" must be a string/)
})

it('goes on where a pool cannot be read', async () => {
  const pool = {
    get threads(): never {
      throw new Error('gone')
    },
    queueSize: 0,
    completed: 0,
  }
  observePool({ name: 'labels', pool, meterProvider })
  expect(await points('job.pool.threads')).toEqual([])
})
