import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { traceProcessor } from '../src/bullmq/index.ts'
import { createJobTracer, type JobAttempt, type JobOutcome } from '../src/index.ts'

let tracing: TestTracing
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const JOB = { queue: 'mail', name: 'welcome', attempt: 1, maxAttempts: 3 }
const jobs = createJobTracer({ system: 'outbox' })
const span = (): TestSpan => tracing.span('process mail')

describe('an attempt that is called off by its signal', () => {
  it('is "aborted", and no error', () => {
    const controller = new AbortController()
    const aborting = (): never => {
      controller.abort()
      throw new Error('stopped half-way')
    }
    const { signal } = controller
    expect(() => jobs.process({ ...JOB, signal }, aborting)).toThrow('stopped half-way')
    expect(span()).toMatchObject({ status: 'UNSET', attributes: { 'job.outcome': 'aborted' } })
    expect(span().events).toEqual([])
  })

  it('is so in BullMQ, whose processors get one', async () => {
    const controller = new AbortController()
    const processor = traceProcessor(async (_job, _token, signal) => {
      controller.abort(new Error('worker is closing'))
      signal!.throwIfAborted()
    })
    const job = { id: '7', name: 'welcome', queueName: 'mail', attemptsMade: 0, opts: {} }
    const running = processor(
      { ...job, timestamp: Date.now() } as never,
      'token',
      controller.signal,
    )
    await expect(running).rejects.toThrow('worker is closing')
    expect(span()).toMatchObject({ status: 'UNSET', attributes: { 'job.outcome': 'aborted' } })
  })

  it('is an error like any other where it throws an AbortError of its own: a time limit inside', () => {
    const { signal } = new AbortController()
    const timedOut = (): never => AbortSignal.abort().throwIfAborted() as never
    expect(() => jobs.process({ ...JOB, signal }, timedOut)).toThrow()
    expect(span()).toMatchObject({ status: 'ERROR', attributes: { 'job.outcome': 'retry' } })
  })

  it('is "completed" where it comes to its end all the same', () => {
    const controller = new AbortController()
    jobs.process({ ...JOB, signal: controller.signal }, () => controller.abort())
    expect(span().attributes['job.outcome']).toBe('completed')
  })
})

describe('settle', () => {
  const outcomes = (say: (attempt: JobAttempt) => unknown): unknown[] => {
    jobs.process(JOB, say)
    const { status, attributes } = span()
    return [status, attributes['error.type'], attributes['job.outcome']]
  }

  it.each([
    'completed',
    'delayed',
    'rate_limited',
    'waiting',
    'waiting_children',
    'discarded',
    'aborted',
    'expected',
  ] as const)('says that an attempt without an error is "%s", which is none', (outcome) => {
    expect(outcomes((attempt) => attempt.settle(outcome))).toEqual(['UNSET', undefined, outcome])
  })

  it.each(['failed', 'retry'] as const)(
    'makes an error of an attempt that ends without one but is "%s"',
    (outcome) => {
      expect(outcomes((attempt) => attempt.settle(outcome))).toEqual(['ERROR', outcome, outcome])
    },
  )

  it('counts more than what an error would mean, and the last word counts', async () => {
    const dropped = jobs.process(JOB, async (attempt) => {
      attempt.settle('delayed')
      await Promise.resolve()
      attempt.settle('discarded')
      throw new RangeError('too old')
    })
    await expect(dropped).rejects.toThrow(RangeError)
    expect(span()).toMatchObject({ status: 'UNSET', attributes: { 'job.outcome': 'discarded' } })
    expect(span().events).toEqual([])
  })

  it('is left out where it is no outcome, or comes too late', () => {
    let late: JobAttempt | undefined
    const said = outcomes((attempt) => {
      late = attempt
      attempt.settle('lost' as JobOutcome)
    })
    late!.settle('failed')
    expect(said).toEqual(['UNSET', undefined, 'completed'])
    expect(span()).toMatchObject({ status: 'UNSET', attributes: { 'job.outcome': 'completed' } })
  })
})
