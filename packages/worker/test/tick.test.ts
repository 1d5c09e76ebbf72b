import { ProxyTracerProvider, context, trace, type Context } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { CronJob } from 'cron'
import { Cron } from 'croner'
import { schedule } from 'node-cron'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createJobTracer } from '../src/index.ts'
import { traceTick } from '../src/schedule/index.ts'

let tracing: TestTracing
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => {
  vi.useRealTimers()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

describe('F8: each tick is a trace of its own, although its timer was set in a span', () => {
  const EVERY_SECOND = '* * * * * *'
  const timers: Record<string, (tick: () => void) => () => unknown> = {
    setInterval(tick) {
      const timer = setInterval(tick, 10)
      return () => clearInterval(timer)
    },
    croner(tick) {
      const cron = new Cron(EVERY_SECOND, tick)
      return () => cron.stop()
    },
    'node-cron'(tick) {
      const task = schedule(EVERY_SECOND, tick)
      return () => task.destroy()
    },
    cron(tick) {
      const job = CronJob.from({ cronTime: EVERY_SECOND, onTick: tick, start: true })
      return () => job.stop()
    },
  }
  it.each(Object.entries(timers))('%s', async (name, start) => {
    vi.useFakeTimers({
      now: 1_000_000_000_500,
      toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'],
    })
    const ran: number[] = []
    const options = { name: 'sweep', schedule: EVERY_SECOND }
    const stop = withSpan('request', () =>
      start(traceTick(options, () => withSpan('inside', () => void ran.push(1)))),
    )
    for (let step = 0; step < 100 && ran.length < 10; step++)
      await vi.advanceTimersByTimeAsync(1000)
    await stop()
    const ticks = tracing
      .spans()
      .filter((span) => span.name === 'tick sweep')
      .slice(0, 10)
    expect(ticks).toHaveLength(10)
    expect(new Set(ticks.map((span) => span.traceId)).size).toBe(10)
    expect(ticks.every((span) => span.parentSpanId === undefined)).toBe(true)
    const { traceId } = tracing.span('request')
    const ofRequest = tracing.spans().filter((span) => span.traceId === traceId)
    expect(ofRequest.map((span) => span.name)).toEqual(['request'])
    expect(ticks[0]?.attributes).toEqual({
      'job.name': 'sweep',
      'job.schedule': EVERY_SECOND,
      'job.outcome': 'completed',
    })
  })
})

const late = (ms: number): void => void vi.setSystemTime(Date.now() + ms)
const ticks = (): Record<string, unknown>[] => tracing.spans().map((span) => span.attributes)

it('shows ticks that run while one before is still running', async () => {
  let finish = (): void => {}
  const tick = traceTick({ name: 'sweep' }, (wait: boolean) =>
    wait ? new Promise<void>((resolve) => (finish = resolve)) : undefined,
  )
  const first = tick(true)
  await tick(false)
  finish()
  await first
  await tick(false)
  expect(ticks().map((attributes) => attributes['job.tick.overlap'])).toEqual([
    true,
    undefined,
    undefined,
  ])
})

it('shows how late a tick of a fixed interval is, and how many were left out', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const tick = traceTick({ name: 'sweep', everyMs: 1000 }, () => {})
  late(1000)
  tick()
  late(3500)
  tick()
  late(1000)
  tick()
  expect(ticks().map((a) => [a['job.tick.lag'], a['job.tick.missed']])).toEqual([
    [0, undefined],
    [2.5, 2],
    [0, undefined],
  ])
})

it('traces ticks from the moment that an SDK is registered, and calls none of them late for those before', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const tracerProvider = new ProxyTracerProvider()
  const propagator = { fields: () => [], inject() {}, extract: (given: Context) => given }
  const seen: unknown[] = []
  const tick = traceTick({ name: 'sweep', everyMs: 1000, tracerProvider, propagator }, () => {
    seen.push(trace.getSpan(context.active()))
  })
  late(1000)
  tick()
  expect(seen).toEqual([undefined])
  tracerProvider.setDelegate(tracing.tracerProvider)
  late(5000)
  tick()
  late(1500)
  tick()
  expect(ticks().map((a) => [a['job.tick.lag'], a['job.tick.missed']])).toEqual([
    [undefined, undefined],
    [0.5, undefined],
  ])
})

it('shows the same of a pattern whose next time is known', () => {
  vi.useFakeTimers({ now: 1_000_000_000_000, toFake: ['Date'] })
  const pattern = new Cron('*/10 * * * * *', { paused: true })
  const tick = traceTick({ name: 'sweep', next: (after) => pattern.nextRun(after) }, () => {})
  const due = pattern.nextRun()!.getTime()
  vi.setSystemTime(due)
  tick()
  late(32_000)
  tick()
  expect(ticks().map((a) => [a['job.tick.lag'], a['job.tick.missed']])).toEqual([
    [0, undefined],
    [22, 2],
  ])
})

it('shows ticks that the scheduler itself left out', () => {
  const tick = traceTick({ name: 'sweep' }, () => {})
  tick.missed()
  tick.missed(2)
  tick()
  tick()
  expect(ticks().map((attributes) => attributes['job.tick.missed'])).toEqual([3, undefined])
})

it('makes an error of a tick that fails, and lets its error through', async () => {
  const error = new TypeError('no disk')
  const tick = traceTick({ name: 'sweep' }, () => Promise.reject(error))
  await expect(tick()).rejects.toBe(error)
  expect(tracing.span('tick sweep')).toMatchObject({
    status: 'ERROR',
    attributes: { 'job.outcome': 'failed', 'error.type': 'TypeError' },
  })
})

it('keeps this, arguments, result and length of the function', () => {
  const owner = {
    tick: traceTick({ name: 'sweep' }, function run(this: unknown, a: number, b: number) {
      return [this, a, b]
    }),
  }
  expect(owner.tick).toHaveLength(2)
  expect(owner.tick(1, 2)).toEqual([owner, 1, 2])
})

it('goes on where the hooks throw', () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const options = {
    name: 'sweep',
    next: broken,
    spanName: broken,
    attributes: broken,
    ignore: broken,
  }
  expect(traceTick(options, () => 'done')()).toBe('done')
  expect(tracing.span('tick sweep').status).toBe('UNSET')
})

it('makes no span where it is not enabled, ignored, or belongs to a tracer that is off', () => {
  const inside = (): string => withSpan('inside', () => 'done')
  expect(traceTick({ name: 'sweep', ignore: () => true }, inside)()).toBe('done')
  expect(tracing.spans()).toEqual([])
  expect(traceTick({ name: 'sweep', enabled: false }, inside)()).toBe('done')
  createJobTracer({ system: 'x', enabled: false }).tick({ name: 'sweep' }, inside)()
  expect(tracing.spans().map((span) => span.name)).toEqual(['inside', 'inside'])
})

it('is traced by a job tracer too, with its hooks', () => {
  const asked: unknown[] = []
  const jobs = createJobTracer({
    system: 'x',
    spanName: (_, job) => `sweep of ${job.name}`,
    attributes: (activity) => {
      asked.push(activity)
      return { extra: 1 }
    },
  })
  jobs.tick({ name: 'carts' }, () => {})()
  expect(tracing.span('sweep of carts').attributes['extra']).toBe(1)
  expect(asked).toEqual([
    {
      operation: 'process',
      job: { queue: 'carts', name: 'carts' },
      outcome: 'completed',
      error: undefined,
    },
  ])
})
