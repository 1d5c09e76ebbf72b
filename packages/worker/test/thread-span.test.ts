import { threadId } from 'node:worker_threads'
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  createTraceState,
  trace,
  type Context,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api'
import type { SpanRecord } from '@throughline/core/integration'
import { afterEach, expect, it, vi } from 'vitest'
import { ThreadContextManager } from '../src/threads/context-manager.ts'
import { laneNames } from '../src/threads/lane.ts'
import { flushSpans, withRelay } from '../src/threads/relay.ts'
import { fromRow } from '../src/threads/span-row.ts'
import { ThreadTracerProvider } from '../src/threads/tracer-provider.ts'

const PARENT = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED | 2,
  traceState: createTraceState('vendor=opaque'),
}
const CHANNEL = `thread-span-test-${process.pid}`
const SAMPLED = withRelay(trace.setSpanContext(ROOT_CONTEXT, PARENT), { channel: CHANNEL })

const tracer = new ThreadTracerProvider().getTracer('app', '1.0.0')
const start = (options?: SpanOptions, parent: Context = SAMPLED): Span =>
  tracer.startSpan('work', options, parent)

/** Ends a span and resolves with what is sent of it. */
async function recordOf(span: Span): Promise<SpanRecord> {
  const channel = new BroadcastChannel(laneNames(CHANNEL)[threadId]!)
  const received = new Promise<unknown[]>((resolve) => {
    channel.addEventListener('message', ({ data }: Event & { data?: unknown }) =>
      resolve(data as unknown[]),
    )
  })
  span.end()
  flushSpans()
  const [row] = await received
  channel.close()
  return fromRow(row)!
}

afterEach(() => vi.useRealTimers())

it('records a span whole, as plain data', async () => {
  const link = { context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 } }
  const span = start({
    kind: SpanKind.CLIENT,
    attributes: { a: 1 },
    links: [link],
    startTime: [1700000000, 5],
  })
  span.setAttribute('b', [true, null]).setAttributes({ c: 'x' })
  span.addEvent('plain', [1700000001, 0]).addEvent('full', { d: 2 }, new Date(1700000002_000))
  span.addLink({ ...link, attributes: { e: 3 } })
  span.updateName('renamed')
  const { spanId } = span.spanContext()
  const reference = { ...link.context }
  expect(await recordOf(span)).toEqual({
    v: 1,
    span: { traceId: PARENT.traceId, spanId, traceFlags: 3, traceState: 'vendor=opaque' },
    parent: {
      traceId: PARENT.traceId,
      spanId: PARENT.spanId,
      traceFlags: 3,
      traceState: 'vendor=opaque',
    },
    name: 'renamed',
    kind: SpanKind.CLIENT,
    start: [1700000000, 5],
    end: [expect.any(Number), expect.any(Number)],
    status: { code: SpanStatusCode.UNSET },
    attributes: { a: 1, b: [true, null], c: 'x' },
    links: [{ span: reference }, { span: reference, attributes: { e: 3 } }],
    events: [
      { name: 'plain', time: [1700000001, 0] },
      { name: 'full', time: [1700000002, 0], attributes: { d: 2 } },
    ],
    scope: { name: 'app', version: '1.0.0' },
  })
})

it.each([
  [[SpanStatusCode.ERROR], { code: SpanStatusCode.ERROR, message: 'm2' }],
  [[SpanStatusCode.OK], { code: SpanStatusCode.OK }],
  [[SpanStatusCode.OK, SpanStatusCode.ERROR], { code: SpanStatusCode.OK }],
  [[SpanStatusCode.ERROR, SpanStatusCode.OK], { code: SpanStatusCode.OK }],
  [[SpanStatusCode.ERROR, SpanStatusCode.UNSET], { code: SpanStatusCode.ERROR, message: 'm2' }],
])('keeps the rules of a status: %j', async (codes, status) => {
  const span = start()
  for (const code of codes) span.setStatus({ code, message: `m${code}` })
  expect((await recordOf(span)).status).toEqual(status)
})

it('keeps 128 attributes, events and links', async () => {
  const span = start()
  for (let n = 0; n < 200; n++) {
    span.setAttribute(`key ${n}`, n).addEvent('event').addLink({ context: PARENT })
  }
  span.setAttribute('key 0', 'changed')
  const record = await recordOf(span)
  expect(Object.keys(record.attributes)).toHaveLength(128)
  expect(record.attributes['key 0']).toBe('changed')
  expect(record.events).toHaveLength(128)
  expect(record.links).toHaveLength(128)
})

it('leaves out what is no attribute value, so that a record can always be sent', async () => {
  const odd = { fn: () => {}, object: { a: 1 }, symbol: Symbol('s'), mixed: [1, 'a'], nil: null }
  const span = start({ attributes: { ...(odd as object), '': 'x', ok: true } })
  expect((await recordOf(span)).attributes).toEqual({ ok: true })
})

it('does not share a list with its user', async () => {
  const list = ['a']
  const span = start({ attributes: { list } })
  list.push('b')
  expect((await recordOf(span)).attributes).toEqual({ list: ['a'] })
})

it('ends once, and changes no more', async () => {
  const span = start()
  const record = await recordOf(span)
  span.setAttribute('late', 1).addEvent('late').setStatus({ code: SpanStatusCode.OK })
  span.updateName('late').addLink({ context: PARENT })
  span.end()
  expect(span.isRecording()).toBe(false)
  const next = await recordOf(start())
  expect(next.span.spanId).not.toBe(record.span.spanId)
  expect(record).toMatchObject({ name: 'work', attributes: {}, events: [], links: [] })
})

it('records exceptions, whatever was thrown', async () => {
  const span = start()
  span.recordException(new RangeError('no'))
  span.recordException('text')
  span.recordException(null as never)
  const { events } = await recordOf(span)
  expect(events.map((event) => event.attributes)).toMatchObject([
    {
      'exception.type': 'RangeError',
      'exception.message': 'no',
      'exception.stacktrace': expect.stringContaining('RangeError: no'),
    },
    { 'exception.type': 'string', 'exception.message': 'text' },
    { 'exception.type': 'null' },
  ])
})

it('never ends before its start', async () => {
  const record = await recordOf(start({ startTime: Date.now() + 60_000 }))
  expect(record.end).toEqual(record.start)
})

it('takes times since the thread began, and since the epoch', async () => {
  const span = start({ startTime: 12.5 })
  const { start: at } = await recordOf(span)
  expect(at[0] * 1000 + at[1] / 1e6).toBeCloseTo(performance.timeOrigin + 12.5, 2)
})

it('follows the system’s clock when that is set', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
  const { start: at } = await recordOf(start())
  expect(Math.abs(at[0] * 1000 - Date.now())).toBeLessThan(2000)
})

it.each([
  ['an unsampled parent', { ...PARENT, traceFlags: 0 }, PARENT.traceId],
  ['no parent', undefined, undefined],
  ['an invalid parent', { ...PARENT, spanId: '0'.repeat(16) }, undefined],
])('records nothing and still has ids with %s', (_, parent, traceId) => {
  const from = parent ? trace.setSpanContext(SAMPLED, parent) : trace.deleteSpan(SAMPLED)
  const span = start({}, from)
  expect(span.isRecording()).toBe(false)
  const ids = span.spanContext()
  expect(ids.spanId).toMatch(/^[\da-f]{16}$/)
  expect(ids.spanId).not.toBe(PARENT.spanId)
  expect(ids.traceId).toMatch(/^[\da-f]{32}$/)
  if (traceId) expect(ids.traceId).toBe(traceId)
  expect(ids.traceFlags & TraceFlags.SAMPLED).toBe(0)
})

it('starts a trace of its own where it is asked for a root', () => {
  expect(start({ root: true }).spanContext().traceId).not.toBe(PARENT.traceId)
})

it('makes active spans with every signature of the api', () => {
  const names = [
    tracer.startActiveSpan('a', (span) => span.spanContext().spanId),
    tracer.startActiveSpan('b', {}, (span) => span.spanContext().spanId),
    tracer.startActiveSpan('c', {}, SAMPLED, (span) => span.spanContext().traceId),
  ]
  expect(names[2]).toBe(PARENT.traceId)
  expect(names[0]).toMatch(/^[\da-f]{16}$/)
})

it('keeps a context over await, and binds functions to one', async () => {
  const manager = new ThreadContextManager()
  const seen = await manager.with(SAMPLED, async () => {
    await Promise.resolve()
    return manager.active()
  })
  expect(seen).toBe(SAMPLED)
  expect(manager.active()).toBe(ROOT_CONTEXT)
  const bound = manager.bind(SAMPLED, function bound(this: unknown, a: number, b: number) {
    return [this, a + b, manager.active()]
  })
  expect(bound).toHaveLength(2)
  expect(bound.call('me', 1, 2)).toEqual(['me', 3, SAMPLED])
  const emitter = { on: () => {} }
  expect(manager.bind(SAMPLED, emitter)).toBe(emitter)
})
