import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { afterEach, expect, it } from 'vitest'
import { collectThreadSpans, droppedThreadSpans } from '../src/threads/index.ts'
import { spanTarget } from '../src/threads/listener.ts'
import { MAX_ON_THE_WAY, giveRoom, takeRoom } from '../src/threads/relay-counters.ts'
import { flushSpans, relay, withRelay } from '../src/threads/relay.ts'
import { ThreadTracerProvider } from '../src/threads/tracer-provider.ts'
import { SPAN_RECORD } from './fixtures/span-record.ts'

const target = spanTarget()
const counters = target.counters!
afterEach(() => {
  flushSpans()
  collectThreadSpans()
})

it('F19: drops what a busy main thread has no room for, counts it, and goes on when there is room', () => {
  expect(takeRoom(counters, MAX_ON_THE_WAY)).toBe(true)
  relay(target, SPAN_RECORD)
  relay(target, SPAN_RECORD)
  flushSpans()
  expect(droppedThreadSpans()).toBe(2)
  giveRoom(counters, MAX_ON_THE_WAY)
  relay(target, SPAN_RECORD)
  flushSpans()
  collectThreadSpans()
  expect(droppedThreadSpans()).toBe(2)
  expect(Atomics.load(counters, 0)).toBe(0)
})

it('hands spans over before a long task is done', () => {
  const context = withRelay(
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
    }),
    target,
  )
  const tracer = new ThreadTracerProvider().getTracer('test')
  for (let n = 0; n < 1000; n++) tracer.startSpan('x', {}, context).end()
  expect(Atomics.load(counters, 0)).toBe(512)
})

it('keeps nothing of what it sent while its event loop does not turn, as in a busy thread of a pool', () => {
  const before = process.memoryUsage.rss()
  for (let n = 0; n < 5000; n++) {
    relay(target, SPAN_RECORD)
    flushSpans()
    collectThreadSpans()
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
})
