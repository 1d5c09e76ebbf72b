import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import {
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  context,
  propagation,
  trace,
} from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { SPAN_RECORD_CHANNEL, type SpanRecord } from '@throughline/core/integration'
import { suppressTracing } from '@throughline/core/propagation'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { Piscina } from 'piscina'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { collectThreadSpans, threadTask, traceTask, type TracedTask } from '../src/threads/index.ts'
import { laneNames } from '../src/threads/lane.ts'
import { toRow } from '../src/threads/span-row.ts'
import { SPAN_RECORD } from './fixtures/span-record.ts'
import type { Answer, Task } from './fixtures/task.ts'
import { threadFile } from './fixtures/thread-file.ts'

const LISTEN = { workerData: 'listen' }
const TASK = await threadFile('task.ts')
const WITH_SDK = await threadFile('with-sdk.ts')

let records: SpanRecord[] = []
let wake = (): void => {}
const collect = (record: unknown): void => {
  records.push(record as SpanRecord)
  wake()
}

/** Resolves as soon as so many records have come. */
async function arrived(count: number): Promise<SpanRecord[]> {
  while (records.length < count) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  return records
}

const cleanUp: (() => unknown)[] = []

function startWorker(workerData: unknown = 'listen', file = TASK): Worker {
  const worker = new Worker(file, { workerData })
  cleanUp.push(() => worker.terminate())
  return worker
}

async function ask(worker: Worker, task: Task | TracedTask<Task>): Promise<Answer> {
  worker.postMessage(task)
  const [answer] = await once(worker, 'message')
  return answer as Answer
}

/** Starting one takes a while: tests that do not end it share it. */
let listening: Worker | undefined
const sharedWorker = (): Worker => (listening ??= new Worker(TASK, LISTEN))
afterAll(() => listening?.terminate())

function startPool(): Piscina<Task | TracedTask<Task>, Answer> {
  const pool = new Piscina<Task | TracedTask<Task>, Answer>({
    filename: TASK.href,
    maxThreads: 2,
  })
  cleanUp.push(() => pool.destroy())
  return pool
}

beforeEach(() => {
  records = []
  subscribe(SPAN_RECORD_CHANNEL, collect)
})
afterEach(async () => {
  unsubscribe(SPAN_RECORD_CHANNEL, collect)
  for (const end of cleanUp.splice(0)) await end()
})

describe('with an SDK in the main thread', () => {
  let tracing: TestTracing
  beforeAll(() => {
    tracing = createTestTracing()
  })
  afterEach(() => tracing.reset())
  afterAll(() => tracing.shutdown())

  it('goes on in the thread in the context of the caller', async () => {
    const worker = sharedWorker()
    const answer = await withSpan('request', () => ask(worker, traceTask({ spans: 1 })))
    const request = tracing.span('request')
    expect(answer.current).toEqual({
      traceId: request.traceId,
      spanId: request.spanId,
      sampled: true,
    })
    expect(answer.inSpan).toMatchObject({
      traceId: request.traceId,
      sampled: true,
      recording: true,
    })

    const [record] = await arrived(1)
    expect(record).toEqual({
      v: 1,
      span: { traceId: request.traceId, spanId: answer.inSpan!.spanId, traceFlags: 3 },
      parent: { traceId: request.traceId, spanId: request.spanId, traceFlags: 3 },
      name: 'work 0',
      kind: 0,
      start: [expect.any(Number), expect.any(Number)],
      end: [expect.any(Number), expect.any(Number)],
      status: { code: SpanStatusCode.UNSET },
      attributes: { n: 0 },
      links: [],
      events: [],
      scope: { name: '@throughline/core', version: '0.1.0' },
    })
    const ms = (time: readonly [number, number]): number => time[0] * 1000 + time[1] / 1e6
    expect(ms(record!.start)).toBeGreaterThanOrEqual(request.startMs)
    expect(ms(record!.end)).toBeGreaterThanOrEqual(ms(record!.start))
    expect(ms(record!.end)).toBeLessThanOrEqual(request.startMs + request.durationMs + 1)
  })

  it('takes baggage along', async () => {
    const worker = sharedWorker()
    const baggage = propagation.createBaggage({ tenant: { value: 'blue, green' } })
    const withBaggage = propagation.setBaggage(ROOT_CONTEXT, baggage)
    const answer = await context.with(withBaggage, () => ask(worker, traceTask({})))
    expect(answer.baggage).toBe('blue, green')
  })

  it('F11: loses no span of a worker that is terminated right after its answer', async () => {
    await withSpan('request', async () => {
      const worker = startWorker()
      await ask(worker, traceTask({ spans: 100 }))
      await worker.terminate()
    })
    const { traceId } = tracing.span('request')
    const names = (await arrived(100)).map((record) => record.name)
    expect(names).toEqual(Array.from({ length: 100 }, (_, n) => `work ${n}`))
    expect(records.every((record) => record.span.traceId === traceId)).toBe(true)
  })

  it('F11: loses no span of a pool that is destroyed right after its results', async () => {
    const pool = startPool()
    await withSpan('request', async () => {
      await Promise.all(Array.from({ length: 20 }, () => pool.run(traceTask({ spans: 5 }))))
      await pool.destroy()
    })
    expect(await arrived(100)).toHaveLength(100)
    expect(new Set(records.map((record) => record.span.spanId)).size).toBe(100)
  })

  it('has all spans of a task as soon as its result, where they are collected', async () => {
    const worker = sharedWorker()
    await withSpan('request', async () => {
      for (let round = 1; round <= 200; round++) {
        await ask(worker, traceTask({ spans: 3 }))
        collectThreadSpans()
        expect(records).toHaveLength(round * 3)
      }
    })
  })

  it('delivers a span that outlives its task', async () => {
    const worker = sharedWorker()
    await withSpan('request', () => ask(worker, traceTask({ spans: 0, late: true })))
    const [record] = await arrived(1)
    expect(record?.name).toBe('late')
  })

  it('does not mix fifty tasks at the same time', async () => {
    const pool = startPool()
    const asked = Array.from({ length: 50 }, (_, n) =>
      withSpan(`request ${n}`, async (span) => {
        const { inSpan } = await pool.run(traceTask({ spans: 1 }))
        return [span.spanContext().traceId, inSpan!.traceId, inSpan!.spanId] as const
      }),
    )
    const answers = await Promise.all(asked)
    const came = new Map((await arrived(50)).map(({ span, parent }) => [span.spanId, parent]))
    for (const [traceId, inThread, spanId] of answers) {
      expect(inThread).toBe(traceId)
      expect(came.get(spanId)).toMatchObject({ traceId })
    }
    expect(new Set(answers.map(([traceId]) => traceId)).size).toBe(50)
  })

  it('F12: leaves buffers to the transfer list', async () => {
    const pool = startPool()
    const buffer = new ArrayBuffer(8)
    const answer = await pool.run(traceTask({ buffer }), { transferList: [buffer] })
    expect(answer.bytes).toBe(8)
    expect(buffer.byteLength).toBe(0)
  })

  it('runs a task without an envelope as it is', async () => {
    const answer = await ask(sharedWorker(), { spans: 1 })
    expect(answer.current).toBeUndefined()
    expect(records).toEqual([])
  })

  it('rejects with the error of the task, and records it', async () => {
    const pool = startPool()
    const failing = withSpan('request', () => pool.run(traceTask({ fail: 'no paper' })))
    await expect(failing).rejects.toThrow(new RangeError('no paper'))
    const [record] = await arrived(1)
    expect(record).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'no paper' },
      attributes: { 'error.type': 'RangeError' },
      events: [{ name: 'exception' }],
    })
  })

  it('records nothing of a trace that is not sampled, and carries its ids on', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.NONE,
    })
    const answer = await context.with(unsampled, () => ask(sharedWorker(), traceTask({})))
    expect(answer.inSpan).toMatchObject({ traceId, sampled: false, recording: false })
    expect(records).toEqual([])
  })

  it('records nothing where tracing is suppressed', async () => {
    const answer = await withSpan('request', () =>
      context.with(suppressTracing(context.active()), () => ask(sharedWorker(), traceTask({}))),
    )
    expect(answer.inSpan).toMatchObject({ recording: false })
  })

  it('leaves the SDK of a thread alone', async () => {
    const worker = withSpan('request', () => startWorker(traceTask('go'), WITH_SDK))
    const [spans] = await once(worker, 'message')
    expect(spans).toEqual([{ name: 'own', traceId: tracing.span('request').traceId }])
    expect(records).toEqual([])
  })

  it('unwraps an envelope in the main thread too, and registers nothing there', () => {
    const task = withSpan('request', () => traceTask(20))
    const provider = trace.getTracerProvider()
    const half = threadTask((value: number) => [
      value / 2,
      trace.getSpanContext(context.active())?.spanId,
    ])
    expect(half(task)).toEqual([10, tracing.span('request').spanId])
    expect(half(20)).toEqual([10, undefined])
    expect(trace.getTracerProvider()).toBe(provider)
  })

  it('ignores what is no span on its channel', async () => {
    const { channel } = traceTask(null)
    const stranger = new BroadcastChannel(laneNames(channel)[0]!)
    stranger.postMessage('text')
    stranger.postMessage([null, 1, { v: 1 }, [2, 'of another version']])
    stranger.postMessage([toRow(SPAN_RECORD)])
    stranger.close()
    await arrived(1)
    expect(records).toEqual([SPAN_RECORD])
  })

  it.each([
    ['no carrier', {}],
    ['text', { carrier: 'x' }],
    ['numbers', { carrier: { traceparent: 1 }, baggage: 3 }],
    ['null', { carrier: null, baggage: null }],
  ])('runs the task of an envelope that was damaged: %s', (_, damage) => {
    const task = { ...traceTask(1), carrier: undefined, ...damage } as unknown as TracedTask<number>
    expect(threadTask((value: number) => value)(task)).toBe(1)
  })

  it('keeps the function’s name, length, this and further arguments', () => {
    const owner = {
      task: threadTask(function task(this: unknown, a: number, b: number) {
        return [this, a, b]
      }),
    }
    expect(owner.task.name).toBe('task')
    expect(owner.task).toHaveLength(2)
    expect(owner.task(traceTask(1), 2)).toEqual([owner, 1, 2])
  })

  it('makes envelopes that structured clone keeps', () => {
    const { port1, port2 } = new MessageChannel()
    const task = withSpan('request', () => traceTask({ id: 7 }))
    port1.postMessage(task)
    expect(receiveMessageOnPort(port2)?.message).toEqual(task)
    port1.close()
  })
})

describe('without an SDK in the main thread', () => {
  it('F16: runs the task, and records nothing', async () => {
    const answer = await ask(sharedWorker(), traceTask({ spans: 1 }))
    expect(answer.current).toBeUndefined()
    expect(answer.inSpan).toMatchObject({ recording: false, sampled: false })
    expect(records).toEqual([])
  })
})
