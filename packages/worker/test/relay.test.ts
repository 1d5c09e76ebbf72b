import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import type { SpanRecord } from '@throughline/core/integration'
import { afterEach, expect, it } from 'vitest'
import { collectThreadSpans, droppedThreadSpans } from '../src/threads/index.ts'
import { spanTarget } from '../src/threads/listener.ts'
import { MAX_ON_THE_WAY, giveRoom, takeRoom } from '../src/threads/relay-counters.ts'
import { flushSpans, relay, withRelay } from '../src/threads/relay.ts'
import { ThreadTracerProvider } from '../src/threads/tracer-provider.ts'

const target = spanTarget()
const counters = target.counters!
const record = { v: 1, name: 'x' } as SpanRecord
afterEach(() => {
  flushSpans()
  collectThreadSpans()
})

it('F19: drops what a busy main thread has no room for, counts it, and goes on when there is room', () => {
  expect(takeRoom(counters, MAX_ON_THE_WAY)).toBe(true)
  relay(target, record)
  relay(target, record)
  flushSpans()
  expect(droppedThreadSpans()).toBe(2)
  giveRoom(counters, MAX_ON_THE_WAY)
  relay(target, record)
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
