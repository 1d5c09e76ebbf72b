import { createTestTracing, type TestTracing } from '@throughline/testing'
import {
  DelayedError,
  RateLimitError,
  UnrecoverableError,
  WaitingChildrenError,
  WaitingError,
} from 'bullmq'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { traceProcessor, type BullMQJob } from '../src/bullmq/index.ts'

const JOB: BullMQJob = {
  id: '1',
  name: 'ship',
  queueName: 'shipping',
  attemptsMade: 0,
  timestamp: Date.now(),
  opts: { attempts: 3 },
}

let tracing: TestTracing
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

it('keeps name, length, this, arguments and result of a processor', () => {
  const owner = {
    run: traceProcessor(function run(this: unknown, job: BullMQJob, token: string, more: number) {
      return [this, job, token, more]
    }),
  }
  expect(owner.run.name).toBe('run')
  expect(owner.run).toHaveLength(3)
  expect(traceProcessor(() => {})).toHaveLength(0)
  expect(owner.run(JOB, 'token', 3)).toEqual([owner, JOB, 'token', 3])
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
  const processor = traceProcessor(async (_job: BullMQJob) => {
    throw error
  })
  await expect(processor(JOB)).rejects.toBe(error)
  const span = tracing.span('process shipping')
  expect(span.status).toBe(status)
  expect(span.attributes['job.outcome']).toBe(outcome)
})

it('counts a job without the option "attempts" as one that runs once', () => {
  traceProcessor(() => {})({ ...JOB, opts: { attempts: 0 } })
  expect(tracing.span('process shipping').attributes['job.max_attempts']).toBe(1)
})

it.each([[undefined], [null], [{}], [{ data: 1 }], ['text']])(
  'runs a processor that is called with something else in a test: %j',
  (job) => {
    const processor = traceProcessor((given: BullMQJob) => given)
    expect(processor(job as never)).toBe(job)
  },
)

it('refuses options that cannot work', () => {
  expect(() => traceProcessor(() => {}, { relation: 'child' as never })).toThrow(
    /traceProcessor: option "relation"/,
  )
})
