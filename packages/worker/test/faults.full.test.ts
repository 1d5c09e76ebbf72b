import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { withSpan } from '@throughline/core'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { startServices } from '@throughline/test-services'
import { Queue, Worker } from 'bullmq'
import { PgBoss } from 'pg-boss'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'
import { createJobTracer } from '../src/index.ts'
import { tracePgBoss } from '../src/pg-boss/index.ts'
import { Bench } from './fixtures/redis.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

// The numbers are those of the fault table that the package is built by.
let tracing: TestTracing
const bench = new Bench()
const telemetry = bullmqTelemetry()
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await bench.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const processed = (count: number): Promise<TestSpan[]> =>
  tracing.waitFor<TestSpan[] | undefined>((spans) => {
    const found = spans.filter((span) => span.kind === 'CONSUMER')
    return found.length >= count ? found : undefined
  }, 60_000)

it('F1: a worker is killed in the middle of a job: the next one says so, and links to the same send', async () => {
  const queue = bench.queue({ telemetry })
  await queue.add('ship', {})
  const program = fileURLToPath(new URL('fixtures/stuck-worker.ts', import.meta.url))
  const args = ['--conditions=@throughline/source', program, queue.name]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')

  bench.worker(
    queue,
    traceProcessor(async () => {}),
    { telemetry, stalledInterval: 500 },
  )
  const [span] = await processed(1)
  expect(span!.links).toMatchObject([{ spanId: tracing.span(`send ${queue.name}`).spanId }])
  expect(span!.attributes).toMatchObject({
    'job.redelivered': true,
    'job.stalled_count': 1,
    'job.attempt': 1,
    'job.outcome': 'completed',
  })
  expect(span!.attributes).not.toHaveProperty('job.queue.wait')
})

it('F8: a hundred runs of a scheduler that was started in a span are a hundred traces', async () => {
  const queue = bench.queue({ telemetry })
  bench.worker(
    queue,
    traceProcessor(async () => {}),
    { telemetry },
  )
  await withSpan('boot', () => queue.upsertJobScheduler('tick', { every: 20 }))
  const runs = (await processed(100)).slice(0, 100)
  await queue.removeJobScheduler('tick')
  expect(new Set(runs.map((span) => span.traceId)).size).toBe(100)
  const { traceId } = tracing.span('boot')
  const ofBoot = tracing.spans().filter((span) => span.traceId === traceId)
  expect(ofBoot.map((span) => span.name)).toEqual([`send ${queue.name}`, 'boot'])
  expect(runs.every((span) => typeof span.attributes['job.schedule'] === 'string')).toBe(true)
})

it('F15: Redis goes down and comes back: sends are errors meanwhile, no job and no span is lost', async () => {
  const services = await startServices(['redis'], { env: { ...process.env, REDIS_URL: '' } })
  const { redis } = services
  try {
    const { hostname: host, port } = new URL(services.env['REDIS_URL']!)
    const connection = {
      host,
      port: Number(port),
      enableOfflineQueue: false,
      retryStrategy: () => 50,
    }
    const queue = new Queue('down', { connection, telemetry })
    const errors: unknown[] = []
    queue.on('error', (error) => errors.push(error))
    const worker = new Worker(
      'down',
      traceProcessor(async () => {}),
      {
        connection: { ...connection, maxRetriesPerRequest: null, enableOfflineQueue: true },
        telemetry,
      },
    )
    worker.on('error', (error) => errors.push(error))
    await queue.add('ship', {})
    await processed(1)
    await redis!.kill()
    await expect(queue.add('ship', {})).rejects.toThrow()
    await redis!.restart()
    const again = async (): Promise<void> => {
      await queue.add('ship', {}).catch(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        await again()
      })
    }
    await again()
    await processed(2)
    const sends = tracing.spans().filter((span) => span.name === 'send down')
    expect(sends[0]!.status).toBe('UNSET')
    expect(sends.at(-1)!.status).toBe('UNSET')
    expect(sends.slice(1, -1).every((span) => span.status === 'ERROR')).toBe(true)
    expect(sends.length).toBeGreaterThanOrEqual(3)
    await worker.close()
    await queue.close()
    expect(tracing.unended()).toEqual([])
  } finally {
    await services.stop()
  }
})

it('F15: PostgreSQL goes down and comes back: the same with pg-boss', async () => {
  const services = await startServices(['postgres'], { env: { ...process.env, DATABASE_URL: '' } })
  try {
    const connectionString = services.env['DATABASE_URL']!
    const boss = tracePgBoss(
      new PgBoss({ connectionString, schedule: false, openTelemetry: { enabled: false } }),
    )
    boss.on('error', () => {})
    await boss.start()
    await boss.createQueue('down')
    await boss.work('down', { pollingIntervalSeconds: 0.5 }, async () => {})
    await boss.send('down', {})
    await processed(1)
    await services.postgres!.kill()
    await expect(boss.send('down', {})).rejects.toThrow()
    await services.postgres!.restart()
    const again = async (): Promise<void> => {
      await boss.send('down', {}).catch(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        await again()
      })
    }
    await again()
    await processed(2)
    const sends = tracing.spans().filter((span) => span.name === 'send down')
    expect(sends.some((span) => span.status === 'ERROR')).toBe(true)
    await boss.stop({ graceful: false })
    expect(tracing.unended()).toEqual([])
  } finally {
    await services.stop()
  }
})

it('F19: a hundred thousand jobs leave the memory where it was', async () => {
  // Not the recorder of the tests, which keeps spans: one that forgets them.
  const jobs = createJobTracer({ system: 'soak', tracerProvider: new TracerProvider() })
  const round = async (): Promise<number> => {
    for (let n = 0; n < 10_000; n++) {
      const carrier = jobs.enqueue({ queue: 'q', name: 'n' }, (given) => given)
      // oxlint-disable-next-line no-await-in-loop
      await jobs.process({ queue: 'q', name: 'n', id: `${n}`, attempt: 1, carrier }, async () => {})
    }
    await new Promise((resolve) => setImmediate(resolve))
    gc()
    return process.memoryUsage().heapUsed
  }
  await round()
  const before = await round()
  for (let n = 0; n < 7; n++) await round() // oxlint-disable-line no-await-in-loop
  const after = await round()
  expect(after - before).toBeLessThan(2_000_000)
}, 120_000)
