import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import type { Job } from 'bullmq'
import {
  DelayedError,
  RateLimitError,
  SpanKind,
  UnrecoverableError,
  WaitingChildrenError,
  WaitingError,
} from 'bullmq'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'

const FACTS = {
  id: '1',
  name: 'ship',
  queueName: 'shipping',
  attemptsMade: 0,
  timestamp: Date.now(),
  opts: { attempts: 3 },
}
const JOB = FACTS as Job

let tracing: TestTracing
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

it('keeps name, length, this, arguments and result of a processor', async () => {
  const owner = {
    run: traceProcessor(async function run(this: unknown, job, token, signal) {
      return [this, job, token, signal]
    }),
  }
  expect(owner.run.name).toBe('run')
  expect(owner.run).toHaveLength(3)
  expect(traceProcessor(async () => {})).toHaveLength(0)
  const { signal } = new AbortController()
  expect(await owner.run(JOB, 'token', signal)).toEqual([owner, JOB, 'token', signal])
})

it.each([
  [new DelayedError(), 'UNSET', 'delayed'],
  [new WaitingError(), 'UNSET', 'waiting'],
  [new WaitingChildrenError(), 'UNSET', 'waiting_children'],
  [new RateLimitError(), 'UNSET', 'rate_limited'],
  [new UnrecoverableError('no'), 'ERROR', 'failed'],
  [new Error('no'), 'ERROR', 'retry'],
  ['no', 'ERROR', 'retry'],
  [undefined, 'ERROR', 'retry'],
])('judges an error as BullMQ does: %s', async (error, status, outcome) => {
  const processor = traceProcessor(async (): Promise<void> => {
    throw error
  })
  await expect(processor(JOB)).rejects.toBe(error)
  const span = tracing.span('process shipping')
  expect(span.status).toBe(status)
  expect(span.attributes['job.outcome']).toBe(outcome)
})

it('reads of a job only what is kept of its attempt', async () => {
  const error = new Error('no')
  const processor = traceProcessor((): Promise<void> => Promise.reject(error))
  const read: string[] = []
  const job = new Proxy(JOB, {
    get(target, name, receiver) {
      read.push(String(name))
      return Reflect.get(target, name, receiver)
    },
  })
  const tracerProvider = new TracerProvider({ sampler: new AlwaysOffSampler() })
  const { tracer } = bullmqTelemetry({ tracerProvider })
  const span = tracer.startSpan('process shipping', { kind: SpanKind.CONSUMER })
  span.setAttributes({ 'bullmq.queue.name': 'shipping', 'bullmq.queue.operation': 'process' })
  span.setAttributes({ 'bullmq.job.id': '1', 'bullmq.job.name': 'ship' })
  const run = (): Promise<void> => processor(job)
  await expect(context.with(span.setSpanOnContext(ROOT_CONTEXT), run)).rejects.toBe(error)
  expect(read).toEqual(['queueName', 'id'])
})

it('counts a job without the option "attempts" as one that runs once', async () => {
  await traceProcessor(async () => {})({ ...FACTS, opts: { attempts: 0 } } as Job)
  expect(tracing.span('process shipping').attributes['job.max_attempts']).toBe(1)
})

it.each([[undefined], [null], [{}], [{ data: 1 }], ['text']])(
  'runs a processor that is called with something else in a test: %j',
  async (job) => {
    const processor = traceProcessor(async (given) => given)
    expect(await processor(job as never)).toBe(job)
  },
)

it('refuses options that cannot work', () => {
  expect(() => traceProcessor(async () => {}, { relation: 'child' as never })).toThrow(
    /traceProcessor: option "relation"/,
  )
})
