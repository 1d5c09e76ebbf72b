import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createJobTracer, type JobCarrier } from '../src/index.ts'
import { collectThreadSpans, traceTask } from '../src/threads/index.ts'
import { collectRecords } from './fixtures/records.ts'
import { threadFile } from './fixtures/thread-file.ts'

// The numbers are those of the fault table that the package is built by.
let tracing: TestTracing
const closing: (() => unknown)[] = []
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const { href: filename } = await threadFile('task.ts')
const JOB = { queue: 'mail', name: 'welcome' }
const jobs = createJobTracer({ system: 'outbox' })

it('F5: the same job delivered twice at once makes two spans of one message, linked to one send', async () => {
  const carrier = jobs.enqueue(JOB, (given: JobCarrier) => given)
  const deliver = (): Promise<string | undefined> =>
    jobs.process({ ...JOB, id: '7', carrier }, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return withSpan('inside', (span) => span.spanContext().traceId)
    })
  const traceIds = await Promise.all([deliver(), deliver()])
  const spans = tracing.spans().filter((span) => span.kind === 'CONSUMER')
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set(traceIds))
  expect(spans.map((span) => span.attributes['messaging.message.id'])).toEqual(['7', '7'])
  expect(new Set(spans.map((span) => span.links[0]?.spanId)).size).toBe(1)
  expect(traceIds[0]).not.toBe(traceIds[1])
})

describe('F6: clocks that are ten minutes apart', () => {
  const TEN_MINUTES = 600_000
  const attributes = (job: object): object => {
    jobs.process({ ...JOB, ...job }, () => {})
    return tracing.span('process mail').attributes
  }

  it('a sender ahead of the worker: no negative wait, and the span says so', () => {
    const seen = attributes({ enqueuedAt: Date.now() + TEN_MINUTES })
    expect(seen).toMatchObject({ 'job.queue.wait': 0, 'job.age': 0, 'job.clock_skew': true })
  })

  it("a worker ahead of the sender: exact, where the queue's own clock gave all times", () => {
    const enqueuedAt = Date.now() - TEN_MINUTES
    const seen = attributes({ enqueuedAt, startedAt: enqueuedAt + 2000 })
    expect(seen).toMatchObject({ 'job.queue.wait': 2, 'job.age': 2 })
    expect(seen).not.toHaveProperty('job.clock_skew')
  })

  it.each([
    ['ahead of', TEN_MINUTES, { 'job.queue.wait': 0, 'job.age': 0, 'job.clock_skew': true }],
    // Nobody can tell this from a job that waited ten minutes.
    ['behind', -TEN_MINUTES, { 'job.queue.wait': 600, 'job.age': 600 }],
  ])('a sender whose clock is %s the worker, known by its carrier only', (_, ms, expected) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const now = Date.now()
    vi.setSystemTime(now + ms)
    const carrier = jobs.enqueue(JOB, (given: JobCarrier) => given)
    vi.setSystemTime(now)
    const seen = attributes({ carrier })
    expect(seen).toMatchObject(expected)
    expect('job.clock_skew' in seen).toBe(ms > 0)
  })

  it('a job that is promoted before its delay is over is no skew', () => {
    const seen = attributes({ enqueuedAt: Date.now() - 10, delayMs: TEN_MINUTES })
    expect(seen).toMatchObject({ 'job.queue.wait': 0 })
    expect(seen).not.toHaveProperty('job.clock_skew')
  })
})

describe('F11', () => {
  it('a thread that is terminated in the middle of a task: the waiting span is the error, once', async () => {
    const pool = new Piscina({ filename, maxThreads: 1 })
    closing.push(() => pool.destroy())
    const running = withSpan('request', () => pool.run(traceTask({ hang: true })))
    await Promise.all([
      expect(running).rejects.toThrow(/Terminating|terminat/i),
      once(pool, 'message').then(() => pool.destroy()), // the task says that it hangs
    ])
    expect(tracing.span('request').status).toBe('ERROR')
  })

  it('a thread that runs out of memory: the waiting span is the error', async () => {
    // In a process of its own: V8 may give up on all of it.
    const program = fileURLToPath(new URL('fixtures/out-of-memory.ts', import.meta.url))
    const args = ['--conditions=@throughline/source', program, filename]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(JSON.parse(stdout)).toEqual({
      code: 'ERR_WORKER_OUT_OF_MEMORY',
      status: 'ERROR',
      type: 'ERR_WORKER_OUT_OF_MEMORY',
    })
  })

  it('a thread that calls process.exit: the spans that were finished are there', async () => {
    const { records, arrived, stop } = collectRecords()
    closing.push(stop)
    const worker = new Worker(new URL(filename), { workerData: 'listen' })
    const ended = once(worker, 'exit')
    withSpan('request', () => worker.postMessage(traceTask({ spans: 20, exit: true })))
    expect(await ended).toEqual([3])
    await arrived(20)
    expect(records).toHaveLength(20)
  })
})

describe('F10 and F12: other pools', () => {
  it('Tinypool: the context goes there, the spans come back, buffers are moved', async () => {
    const { records, arrived, stop } = collectRecords()
    closing.push(stop)
    const pool = new Tinypool({ filename, maxThreads: 1 })
    const buffer = new ArrayBuffer(8)
    await withSpan('request', () =>
      pool.run(traceTask({ spans: 5, buffer }), { transferList: [buffer] }),
    )
    await pool.destroy()
    collectThreadSpans()
    await arrived(5)
    expect(buffer.byteLength).toBe(0)
    expect(new Set(records.map((record) => record.span.traceId))).toEqual(
      new Set([tracing.span('request').traceId]),
    )
  })

  it('workerpool: the same', async () => {
    const { records, arrived, stop } = collectRecords()
    closing.push(stop)
    const { pathname } = await threadFile('workerpool.ts')
    const pool = workerpool.pool(pathname, { workerType: 'thread', maxWorkers: 1 })
    await withSpan('request', async () => pool.exec('run', [traceTask({ spans: 5 })]))
    await pool.terminate(true)
    collectThreadSpans()
    await arrived(5)
    expect(records[0]?.parent?.spanId).toBe(tracing.span('request').spanId)
  })
})
