import { randomUUID } from 'node:crypto'
import { context, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { DelayedError, FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq'
import type { Job, JobsOptions, Processor, QueueOptions, WorkerOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { Piscina } from 'piscina'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  bullmqTelemetry,
  traceProcessor,
  type BullMQTelemetryOptions,
} from '../src/bullmq/index.ts'
import { traceTask, type TracedTask } from '../src/threads/index.ts'
import type { Answer, Task } from './fixtures/task.ts'
import { threadFile } from './fixtures/thread-file.ts'

const connection = (): QueueOptions['connection'] => {
  const { hostname, port } = new URL(process.env['REDIS_URL']!)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}

const closing: (() => Promise<unknown>)[] = []

function queueOf(options: Partial<QueueOptions> = {}, name = `q-${randomUUID()}`): Queue {
  const queue = new Queue(name, { connection: connection(), ...options })
  closing.push(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
  })
  return queue
}

function work(queue: Queue, processor: Processor, options: Partial<WorkerOptions> = {}): Worker {
  const worker = new Worker(queue.name, processor, { connection: connection(), ...options })
  worker.on('error', () => {})
  closing.push(() => worker.close())
  return worker
}

/** Resolves when so many attempts are settled, failed ones included. */
function attempts(worker: Worker, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count
    const settled = (): void => {
      if (--left === 0) resolve()
    }
    worker.on('completed', settled)
    worker.on('failed', settled)
  })
}

const processSpans = (spans: TestSpan[]): TestSpan[] => spans.filter((s) => s.kind === 'CONSUMER')

const untraced = {
  add: (queue: Queue, name: string, options?: JobsOptions) => queue.add(name, {}, options),
}

let tracing: TestTracing

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  tracing?.reset()
})

describe('with tracing', () => {
  beforeAll(() => {
    tracing = createTestTracing()
  })
  afterAll(() => tracing.shutdown())

  const processed = (count: number): Promise<TestSpan[]> =>
    tracing.waitFor((spans) => {
      const found = processSpans(spans)
      return found.length >= count && found
    }) as Promise<TestSpan[]>

  it.each([
    ['telemetry alone', true, false],
    ['a traced processor alone', false, true],
    ['both', true, true],
  ])(
    'makes one send span and one process span with %s',
    async (_, withTelemetry, withProcessor) => {
      const telemetry = bullmqTelemetry()
      const queue = queueOf({ telemetry })
      const processor: Processor = async () => withSpan('inside', () => ({ secret: 'result' }))
      work(queue, withProcessor ? traceProcessor(processor) : processor, {
        ...(withTelemetry && { telemetry }),
      })
      const job = await withSpan('request', () => queue.add('ship', { secret: 'data' }))
      await processed(1)

      expect(tracing.tree().split('\n').toSorted()).toEqual(
        [
          '  inside [INTERNAL]',
          `  send ${queue.name} [PRODUCER]`,
          `process ${queue.name} [CONSUMER] -> send ${queue.name}`,
          'request [INTERNAL]',
        ].toSorted(),
      )
      expect(tracing.unended()).toEqual([])
      const send = tracing.span(`send ${queue.name}`)
      const process = tracing.span(`process ${queue.name}`)
      expect(send.attributes).toEqual({
        'messaging.system': 'bullmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': queue.name,
        'messaging.message.id': job.id,
        'job.name': 'ship',
      })
      expect(send.scope.name).toBe('@throughline/worker')
      expect(process.traceId).not.toBe(send.traceId)
      expect(process.attributes).toMatchObject({
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.destination.name': queue.name,
        'messaging.message.id': job.id,
        'job.name': 'ship',
        'job.outcome': 'completed',
        ...(withProcessor && { 'job.attempt': 1, 'job.max_attempts': 1 }),
      })
      if (withProcessor) expect(process.attributes['job.queue.wait']).toBeGreaterThanOrEqual(0)
      expect(JSON.stringify(tracing.spans())).not.toContain('secret')
    },
  )

  it.each([
    ['telemetry alone', true, false],
    ['a traced processor alone', false, true],
    ['both', true, true],
  ])('makes an error of each failed attempt with %s', async (_, withTelemetry, withProcessor) => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const processor: Processor = async (job) => {
      if (job.attemptsMade < 2) throw new RangeError(`broke ${job.attemptsMade}`)
    }
    const worker = work(queue, withProcessor ? traceProcessor(processor) : processor, {
      ...(withTelemetry && { telemetry }),
    })
    const done = attempts(worker, 3)
    await withSpan('request', () => queue.add('ship', {}, { attempts: 3 }))
    await done
    const spans = await processed(3)

    const send = tracing.span(`send ${queue.name}`)
    expect(spans.map((s) => s.links.map((l) => l.spanId).join())).toEqual(
      Array(3).fill(send.spanId),
    )
    expect(new Set(spans.map((s) => s.traceId)).size).toBe(3)
    expect(spans.map((s) => s.status)).toEqual(['ERROR', 'ERROR', 'UNSET'])
    expect(spans.map((s) => s.statusMessage)).toEqual(['broke 0', 'broke 1', undefined])
    expect(spans.map((s) => s.attributes['job.outcome'])).toEqual(['retry', 'retry', 'completed'])
    if (!withProcessor) return
    expect(spans.map((s) => s.attributes['job.attempt'])).toEqual([1, 2, 3])
    expect(spans.map((s) => s.attributes['job.max_attempts'])).toEqual([3, 3, 3])
    expect(spans.map((s) => s.attributes['error.type'])).toEqual([
      'RangeError',
      'RangeError',
      undefined,
    ])
    expect(spans.map((s) => s.events.map((e) => e.name))).toEqual([
      ['exception'],
      ['exception'],
      [],
    ])
    expect(spans.map((s) => s.attributes['job.queue.wait'] === undefined)).toEqual([
      false,
      true,
      true,
    ])
  })

  it.each([
    ['telemetry alone', true, false],
    ['a traced processor alone', false, true],
    ['both', true, true],
  ])('says "failed" of the last attempt with %s', async (_, withTelemetry, withProcessor) => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const processor: Processor = async () => {
      throw new UnrecoverableError('never again')
    }
    work(queue, withProcessor ? traceProcessor(processor) : processor, {
      ...(withTelemetry && { telemetry }),
    })
    await queue.add('ship', {}, { attempts: 3 })
    const [span] = await processed(1)
    expect(span).toMatchObject({ status: 'ERROR', statusMessage: 'never again' })
    expect(span?.attributes['job.outcome']).toBe('failed')
  })

  it('keeps the process spans in the trace of the send with the relation "parent"', async () => {
    const options: BullMQTelemetryOptions = { relation: 'parent' }
    const telemetry = bullmqTelemetry(options)
    const queue = queueOf({ telemetry })
    work(
      queue,
      traceProcessor(async () => {}),
      { telemetry },
    )
    await withSpan('request', () => queue.add('ship', {}))
    await processed(1)
    expect(tracing.tree()).toBe(
      [
        'request [INTERNAL]',
        `  send ${queue.name} [PRODUCER]`,
        `    process ${queue.name} [CONSUMER] -> send ${queue.name}`,
      ].join('\n'),
    )
  })

  it('continues in a worker thread what a processor began', async () => {
    const telemetry = bullmqTelemetry({ relation: 'parent' })
    const pool = new Piscina<TracedTask<Task>, Answer>({
      filename: (await threadFile('task.ts')).href,
      maxThreads: 1,
    })
    closing.push(() => pool.destroy())
    const queue = queueOf({ telemetry })
    let answer: Answer | undefined
    const processor = traceProcessor(async (job) => {
      answer = await pool.run(traceTask<Task>(job.data))
    })
    work(queue, processor, { telemetry })
    await queue.add('ship', { spans: 1 })
    const [span] = await processed(1)
    expect(answer?.current).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId })
    expect(answer?.inSpan).toMatchObject({ traceId: span?.traceId, recording: true })
    expect(span?.traceId).toBe(tracing.span(`send ${queue.name}`).traceId)
  })

  it('F8: starts a trace for each run of a job scheduler', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    work(
      queue,
      traceProcessor(async () => {}),
      { telemetry },
    )
    await withSpan('bootstrap', () => queue.upsertJobScheduler('tick', { every: 100 }))
    const spans = await processed(4)
    const first = tracing.spans().find((s) => s.name.startsWith('send'))
    expect(new Set([first?.traceId, ...spans.map((s) => s.traceId)]).size).toBe(5)
    expect(spans.every((s) => s.links[0]?.spanId === first?.spanId)).toBe(true)
    const ofBoot = tracing.spans().filter((s) => s.traceId === first?.traceId)
    expect(ofBoot.map((s) => s.kind)).toEqual(['PRODUCER', 'INTERNAL'])
  })

  it('asks a function for the relation of each queue', async () => {
    const asked: string[] = []
    const telemetry = bullmqTelemetry({
      relation: ({ queue }) => {
        asked.push(queue)
        return 'none'
      },
    })
    const queue = queueOf({ telemetry })
    work(queue, async () => {}, { telemetry })
    await queue.add('ship', {})
    const [span] = await processed(1)
    expect(asked).toEqual([queue.name])
    expect(span?.links).toEqual([])
  })

  it('makes one send span for a bulk, to which all its jobs link', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    work(queue, async () => {}, { telemetry, concurrency: 5 })
    await queue.addBulk(Array.from({ length: 10 }, (_, n) => ({ name: 'ship', data: { n } })))
    const spans = await processed(10)
    const send = tracing.span(`send ${queue.name}`)
    expect(send.attributes['messaging.batch.message_count']).toBe(10)
    expect(spans.every((s) => s.links[0]?.spanId === send.spanId)).toBe(true)
    expect(new Set(spans.map((s) => s.traceId)).size).toBe(10)
  })

  it('makes a span for each job of a flow', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const flows = new FlowProducer({ connection: connection(), telemetry })
    closing.push(() => flows.close())
    work(queue, async () => {}, { telemetry })
    const node = { name: 'child', queueName: queue.name, opts: {} }
    await flows.add({ name: 'parent', queueName: queue.name, opts: {}, children: [node, node] })
    const spans = await processed(3)
    const created = tracing.spans().filter((s) => s.name === `create ${queue.name}`)
    expect(created.map((s) => s.attributes['messaging.operation.type'])).toEqual([
      'create',
      'create',
      'create',
    ])
    expect(new Set(spans.map((s) => s.links[0]?.spanId))).toEqual(
      new Set(created.map((s) => s.spanId)),
    )
  })

  it('does not lead the context that a worker was constructed in into its jobs', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf()
    const boot = await withSpan('bootstrap', async (span) => {
      const worker = work(queue, async () => withSpan('inside', () => {}), {
        telemetry,
        stalledInterval: 50,
      })
      await worker.waitUntilReady()
      return span.spanContext()
    })
    await untraced.add(queue, 'ship')
    await untraced.add(queue, 'ship')
    const spans = await processed(2)
    expect(spans.map((s) => s.parentSpanId)).toEqual([undefined, undefined])
    const ofBoot = tracing.spans().filter((s) => s.traceId === boot.traceId)
    expect(ofBoot.map((s) => s.name)).toEqual(['bootstrap'])
  })

  it('does not count an intended delay as waiting', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    work(
      queue,
      traceProcessor(async () => {}),
      { telemetry },
    )
    await queue.add('ship', {}, { delay: 1000 })
    const [span] = await processed(1)
    expect(span?.attributes['job.delay']).toBe(1)
    expect(span?.attributes['job.age']).toBeGreaterThanOrEqual(1)
    expect(span?.attributes['job.queue.wait']).toBeLessThan(0.9)
  })

  it('does not take a job that delays itself for a failed one', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const processor: Processor = async (job, token) => {
      if (job.attemptsStarted > 1) return
      await job.moveToDelayed(Date.now() + 10, token)
      throw new DelayedError()
    }
    work(queue, traceProcessor(processor), { telemetry })
    await queue.add('ship', {})
    const spans = await processed(2)
    expect(spans.map((s) => s.status)).toEqual(['UNSET', 'UNSET'])
    expect(spans.map((s) => s.attributes['job.outcome'])).toEqual(['delayed', 'completed'])
    expect(spans.map((s) => s.attributes['job.attempt'])).toEqual([1, 1])
    expect(spans[1]?.attributes).toMatchObject({ 'job.redelivered': true })
    expect(spans[1]?.attributes).not.toHaveProperty('job.queue.wait')
    expect(spans.flatMap((s) => s.events)).toEqual([])
  })

  it('F2: makes an error of an attempt whose lock was lost', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const client = new Redis(process.env['REDIS_URL']!)
    closing.push(() => client.quit())
    work(queue, async (job) => void (await client.del(`${queue.toKey(job.id!)}:lock`)), {
      telemetry,
      skipLockRenewal: true,
      skipStalledCheck: true,
    })
    await queue.add('ship', {})
    const [span] = await processed(1)
    expect(span).toMatchObject({ status: 'ERROR' })
    expect(span?.statusMessage).toMatch(/lock/i)
  })

  it('gives an abort signal to processors that take one, and only to them', async () => {
    const seen: boolean[] = []
    const three = async (_job: Job, _token: string | undefined, signal: unknown): Promise<void> => {
      seen.push(signal instanceof AbortSignal)
    }
    async function one(_job: Job): Promise<void> {
      seen.push(arguments[2] instanceof AbortSignal)
    }
    for (const processor of [traceProcessor(three), traceProcessor(one)]) {
      const queue = queueOf()
      const worker = work(queue, processor)
      const done = attempts(worker, 1)
      await queue.add('ship', {})
      await done
    }
    expect(seen).toEqual([true, false])
  })

  it.each([1, 5])(
    'F4: processes all jobs, whatever their metadata is, at concurrency %i',
    async (concurrency) => {
      const malformed: unknown[] = [
        'not json',
        '{',
        '"text"',
        'null',
        '[]',
        '12',
        '{"traceparent":12}',
        '{"traceparent":"00-0-0-0"}',
        '{"traceparent":["a","b"]}',
        '{"__proto__":{"traceparent":"00-1-1-01"}}',
        '{"_datadog":{"x-datadog-trace-id":"1"}}',
        '771a43a4192642f0b136d5159a501700-0000000000000000-1',
        'x'.repeat(1_000_000),
        '\u0000\uD800',
        1,
        true,
        ['a'],
        { traceparent: 'x' },
      ]
      const telemetry = bullmqTelemetry()
      const queue = queueOf()
      const jobs = malformed.map((metadata) => ({
        name: 'ship',
        data: {},
        opts: { telemetry: { metadata: metadata as string } },
      }))
      await queue.addBulk([...jobs, { name: 'last', data: {}, opts: { telemetry: {} } }])
      const worker = work(
        queue,
        traceProcessor(async () => 'done'),
        { telemetry, concurrency },
      )
      await attempts(worker, jobs.length + 1)
      const spans = await processed(jobs.length + 1)
      expect(spans.every((s) => s.status === 'UNSET' && s.links.length === 0)).toBe(true)
      expect(worker.isRunning()).toBe(true)
    },
  )

  it('reads the metadata that bullmq-otel writes', async () => {
    const telemetry = bullmqTelemetry()
    const queue = queueOf()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    work(queue, async () => {}, { telemetry })
    await queue.add('ship', {}, { telemetry: { metadata: JSON.stringify({ traceparent }) } })
    const [span] = await processed(1)
    expect(span?.links).toMatchObject([{ spanId: 'b7ad6b7169203331' }])
  })

  it('makes an error of an add that fails', async () => {
    const queue = queueOf({ telemetry: bullmqTelemetry() })
    await expect(queue.add('ship', {}, { jobId: '0' })).rejects.toThrow('JobId')
    expect(tracing.span(`send ${queue.name}`)).toMatchObject({ status: 'ERROR' })
  })

  it('changes nothing when it is not enabled', async () => {
    const telemetry = bullmqTelemetry({ enabled: false })
    const processor: Processor = async () => {}
    expect(traceProcessor(processor, { enabled: false })).toBe(processor)
    const queue = queueOf({ telemetry })
    const worker = work(queue, processor, { telemetry })
    const done = attempts(worker, 1)
    const job = await queue.add('ship', {})
    await done
    expect(job.opts.telemetry).toBeUndefined()
    expect(tracing.spans()).toEqual([])
  })
})

describe('without an SDK', () => {
  it('F16: runs jobs and stores nothing with them', async () => {
    trace.disable()
    context.disable()
    const telemetry = bullmqTelemetry()
    const queue = queueOf({ telemetry })
    const worker = work(
      queue,
      traceProcessor(async () => 'done'),
      { telemetry },
    )
    const done = attempts(worker, 1)
    const job = await queue.add('ship', {})
    await done
    expect(job.opts.telemetry).toBeUndefined()
  })
})
