import { TraceFlags, context, propagation, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createJobTracer, type JobCarrier, type JobToProcess } from '../src/index.ts'
import { resolveJobTracing } from '../src/options.ts'
import { readCarrier } from '../src/carrier.ts'

const JOB: JobToProcess = { queue: 'mail', name: 'welcome' }

describe('with an SDK', () => {
  let tracing: TestTracing
  beforeAll(() => {
    tracing = createTestTracing()
  })
  afterEach(() => tracing.reset())
  afterAll(() => tracing.shutdown())

  const jobs = createJobTracer({ system: 'outbox' })
  const enqueued = (): JobCarrier => jobs.enqueue(JOB, (carrier) => carrier)
  const processed = (job: Partial<JobToProcess> = {}): Record<string, unknown> => {
    jobs.process({ ...JOB, ...job }, () => {})
    return tracing.span('process mail').attributes
  }

  it('sends in a PRODUCER span of the caller, and answers what the push answers', () => {
    const answer = withSpan('request', () =>
      jobs.enqueue({ ...JOB, id: '7', delayMs: 1500 }, (carrier) => [carrier]),
    )
    const send = tracing.span('send mail')
    expect(send).toMatchObject({ kind: 'PRODUCER', parentSpanId: tracing.span('request').spanId })
    expect(send.attributes).toEqual({
      'messaging.system': 'outbox',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'mail',
      'messaging.message.id': '7',
      'job.name': 'welcome',
      'job.delay': 1.5,
    })
    expect(answer).toEqual([
      { v: 1, at: expect.any(Number), traceparent: `00-${send.traceId}-${send.spanId}-01` },
    ])
  })

  it('makes an error of a push that fails, and lets its error through', async () => {
    const error = new TypeError('no disk')
    const failing = jobs.enqueue(JOB, () => Promise.reject(error))
    await expect(failing).rejects.toBe(error)
    const send = tracing.span('send mail')
    expect(send).toMatchObject({ status: 'ERROR', statusMessage: 'no disk' })
    expect(send.attributes['error.type']).toBe('TypeError')
  })

  it.each([
    ['an object', (carrier: JobCarrier) => carrier],
    ['JSON', (carrier: JobCarrier) => JSON.stringify(carrier)],
  ])('links a job to its send by a carrier that is %s', (_, store) => {
    processed({ carrier: store(enqueued()) })
    expect(tracing.tree()).toBe(
      ['send mail [PRODUCER]', 'process mail [CONSUMER] -> send mail'].join('\n'),
    )
  })

  it('continues the trace of the send with the relation "parent", and keeps the link', () => {
    const carrier = enqueued()
    createJobTracer({ system: 'outbox', relation: 'parent' }).process({ ...JOB, carrier }, () => {})
    expect(tracing.tree()).toBe(
      ['send mail [PRODUCER]', '  process mail [CONSUMER] -> send mail'].join('\n'),
    )
  })

  it.each([
    ['none', () => 'none' as const, 0],
    [
      'a hook that throws',
      () => {
        throw new Error('broken')
      },
      1,
    ],
    ['a hook that answers nonsense', () => 'child' as never, 1],
  ])('falls back to a link, except for the relation "none": %s', (_, relation, links) => {
    const carrier = enqueued()
    createJobTracer({ system: 'outbox', relation }).process({ ...JOB, carrier }, () => {})
    expect(tracing.span('process mail').links).toHaveLength(links)
  })

  it('asks a function for the relation of each job', () => {
    const asked: unknown[] = []
    const hook = createJobTracer({
      system: 'outbox',
      relation: (job) => {
        asked.push(job)
        return job.name === 'welcome' ? 'parent' : 'link'
      },
    })
    const carrier = enqueued()
    hook.process({ ...JOB, carrier }, () => {})
    expect(asked).toEqual([{ ...JOB, carrier }])
    expect(tracing.span('process mail').parentSpanId).toBe(tracing.span('send mail').spanId)
  })

  it('never starts from the context of whoever fetches', () => {
    withSpan('poll', () => processed())
    const span = tracing.span('process mail')
    expect(span.parentSpanId).toBeUndefined()
    expect(span.traceId).not.toBe(tracing.span('poll').traceId)
  })

  it('tells waiting from the intended delay', () => {
    const attributes = processed({ enqueuedAt: Date.now() - 10_000, delayMs: 4000 })
    expect(attributes['job.queue.wait']).toBeCloseTo(6, 0)
    expect(attributes['job.age']).toBeCloseTo(10, 0)
    expect(attributes['job.delay']).toBe(4)
  })

  it('takes the time of the carrier where the queue has none', () => {
    const attributes = processed({ carrier: { at: Date.now() - 3000 } })
    expect(attributes['job.queue.wait']).toBeCloseTo(3, 0)
  })

  it.each([
    ['a sender whose clock is ahead', { enqueuedAt: Date.now() + 600_000 }, 0],
    ['a job that runs before its delay is over', { enqueuedAt: Date.now(), delayMs: 60_000 }, 0],
    ['a ready time to come', { readyAt: Date.now() + 600_000 }, 0],
    ['a carrier of the future', { carrier: { v: 1, at: Date.now() + 600_000 } }, 0],
    ['a second attempt', { enqueuedAt: Date.now() - 1000, attempt: 2 }, undefined],
    ['an attempt started before', { enqueuedAt: 5, redelivered: true }, undefined],
    ['no times', {}, undefined],
    ['times that are none', { enqueuedAt: Number.NaN, readyAt: Infinity }, undefined],
  ])('never gives a negative or made-up wait: %s', (_, job, wait) => {
    expect(processed(job)['job.queue.wait']).toBe(wait)
  })

  it('takes the ready time of a later attempt from the queue', () => {
    const attributes = processed({ attempt: 3, enqueuedAt: 0, readyAt: Date.now() - 2000 })
    expect(attributes['job.queue.wait']).toBeCloseTo(2, 0)
  })

  it.each([
    [1, 3, 'retry'],
    [2, 3, 'retry'],
    [3, 3, 'failed'],
    [1, undefined, 'failed'],
    [undefined, undefined, 'failed'],
  ])('makes an error of attempt %s of %s: %s', (attempt, maxAttempts, outcome) => {
    const error = new RangeError('no')
    const failing = (): never => {
      throw error
    }
    expect(() => jobs.process({ ...JOB, attempt, maxAttempts }, failing)).toThrow(error)
    const span = tracing.span('process mail')
    expect(span).toMatchObject({ status: 'ERROR', statusMessage: 'no' })
    expect(span.attributes).toMatchObject({ 'error.type': 'RangeError', 'job.outcome': outcome })
    expect(span.events.map((event) => event.name)).toEqual(['exception'])
  })

  it('does not take an expected error for a failure', async () => {
    const later = new Error('later')
    const isExpected = (error: unknown): boolean => error === later
    const run = jobs.process({ ...JOB, isExpected }, () => Promise.reject(later))
    await expect(run).rejects.toBe(later)
    const span = tracing.span('process mail')
    expect(span).toMatchObject({ status: 'UNSET', events: [] })
    expect(span.attributes['job.outcome']).toBe('expected')
  })

  it('takes an error for a failure where the hook "isExpected" throws', () => {
    const isExpected = (): never => {
      throw new Error('broken hook')
    }
    const error = new Error('the job’s own')
    const failing = (): never => {
      throw error
    }
    expect(() => jobs.process({ ...JOB, isExpected }, failing)).toThrow(error)
    expect(tracing.span('process mail').status).toBe('ERROR')
  })

  it('says "completed" when the promise of a job resolves, not before', async () => {
    let finish: (value: string) => void = () => {}
    const run = jobs.process(JOB, () => new Promise<string>((resolve) => (finish = resolve)))
    expect(tracing.unended()).toEqual(['process mail'])
    finish('answer')
    expect(await run).toBe('answer')
    expect(tracing.span('process mail').attributes['job.outcome']).toBe('completed')
  })

  const throwing = new Proxy(
    {},
    {
      get() {
        throw new Error('a getter')
      },
      getOwnPropertyDescriptor() {
        throw new Error('a descriptor')
      },
    },
  )
  it.each([
    undefined,
    null,
    '',
    'text',
    '{',
    '"text"',
    'null',
    '[]',
    '12',
    0,
    Number.NaN,
    true,
    Symbol('s'),
    10n,
    () => {},
    [],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    {},
    { traceparent: null },
    { traceparent: {} },
    { traceparent: '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01' },
    { traceparent: 'x'.repeat(100_000), at: 'now' },
    '{"__proto__":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}',
    ` ${'x'.repeat(1_000_000)}`,
    new Uint8Array([255, 254]),
    new Map([['traceparent', 'x']]),
    Object.create(null),
    throwing,
  ])('reads no context and no time out of garbage (%#)', (carrier) => {
    expect(jobs.process({ ...JOB, carrier }, () => 'done')).toBe('done')
    const span = tracing.span('process mail')
    expect(span.links).toEqual([])
    expect(span.parentSpanId).toBeUndefined()
    expect(span.attributes).not.toHaveProperty('job.age')
  })

  it('keeps what a carrier of another version says in W3C fields', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
    const { tracing: settings } = resolveJobTracing('test', 'test', {})
    const { sender } = readCarrier(settings, { v: 99, traceparent, more: {} })
    expect(trace.getSpanContext(sender)?.traceFlags).toBe(TraceFlags.NONE)
  })

  it('leaves baggage out that would make the carrier too long', () => {
    const entries = Array.from({ length: 3 }, (_, n) => [`k${n}`, { value: 'v'.repeat(3000) }])
    const long = propagation.createBaggage(Object.fromEntries(entries))
    const carrier = context.with(propagation.setBaggage(context.active(), long), enqueued)
    expect(Object.keys(carrier).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'at',
      'traceparent',
      'v',
    ])
  })
})

describe('without an SDK', () => {
  it('runs push and job, and the carrier brings only the time', () => {
    const jobs = createJobTracer({ system: 'outbox' })
    const carrier = jobs.enqueue(JOB, (given) => given)
    expect(carrier).toEqual({ v: 1, at: expect.any(Number) })
    expect(jobs.process({ ...JOB, carrier }, () => 'done')).toBe('done')
  })
})

describe('createJobTracer', () => {
  it.each([
    [{ system: 1 }, /option "system" must be a string, got 1/],
    [{ system: 's', relation: 'child' }, /option "relation" must be 'parent' or 'link' or 'none'/],
    [{ system: 's', enabled: 'no' }, /option "enabled" must be a boolean/],
    [{ system: 's', tracerProvider: {} }, /option "tracerProvider" must be a TracerProvider/],
  ])('refuses options that cannot work: %o', (options, message) => {
    expect(() => createJobTracer(options as never)).toThrow(message)
  })

  it('passes everything through when it is not enabled', () => {
    const jobs = createJobTracer({ system: 'outbox', enabled: false })
    expect(jobs.enqueue(JOB, (carrier) => Object.keys(carrier))).toEqual(['v', 'at'])
    expect(jobs.process(JOB, () => 'done')).toBe('done')
  })
})
