import { channel } from 'node:diagnostics_channel'
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  defaultTextMapSetter,
  propagation,
  trace,
  type Attributes,
} from '@opentelemetry/api'
import { SPAN_RECORD_CHANNEL, type SpanRecord } from '@throughline/core/integration'
import { startReceiver, type Receiver } from '@throughline/devtools'
import { startTracing, type RunningTracing } from '@throughline/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'

let receiver: Receiver
let tracing: RunningTracing
let seenAtStart: Attributes = {}

beforeAll(async () => {
  receiver = await startReceiver({ port: 0 })
  const throwing = {
    onStart(span: { attributes: Attributes }) {
      seenAtStart = { ...span.attributes }
      fault()
    },
    onEnding: fault,
    onEnd: fault,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  tracing = startTracing({
    serviceName: 'shop',
    endpoint: receiver.url,
    signals: false,
    spanProcessors: [throwing],
  })
})
afterAll(async () => {
  await tracing.shutdown()
  await receiver.close()
})

function fault(): never {
  throw new Error('a faulty processor')
}

test('a second start answers with what already runs', () => {
  expect(startTracing()).toBe(tracing)
})

test.each([
  [{ endpoint: 'collector' }, 'startTracing: option "endpoint" must be a URL'],
  [{ shutdownTimeoutMs: 0 }, 'startTracing: option "shutdownTimeoutMs" must be a positive number'],
  [{ propagator: {} }, 'startTracing: option "propagator" must be a TextMapPropagator'],
  [{ serviceName: 7 }, 'startTracing: option "serviceName" must be a string, got 7'],
])('the bad option %j is refused', (options, message) => {
  expect(() => startTracing(options as never)).toThrow(message)
})

test('context is propagated by W3C level 2, with the random flag of ids made here', () => {
  const span = trace.getTracer('test').startSpan('request')
  const headers: Record<string, string> = {}
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter)
  span.end()
  const { traceId, spanId } = span.spanContext()
  expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-03` })
  expect(propagation.fields()).toEqual(['traceparent', 'tracestate', 'baggage'])
})

test('a span is exported although another processor throws', async () => {
  trace.getTracer('test').startSpan('survivor').end()
  await tracing.flush()
  const span = [...receiver.store.spans()].find((found) => found.name === 'survivor')
  expect(span).toMatchObject({ service: 'shop', scope: { name: 'test' } })
  expect(span?.resource).not.toHaveProperty('process.command_args')
  expect(tracing.counts).toMatchObject({ unended: 0 })
})

test('a processor sees the attributes that a span is started with', () => {
  trace
    .getTracer('test')
    .startSpan('seen', { attributes: { 'order.id': 7 } })
    .end()
  expect(seenAtStart).toEqual({ 'order.id': 7 })
})

test('a span that a worker thread recorded is exported with the resource of the process', async () => {
  const record: SpanRecord = {
    v: 1,
    span: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, traceState: 'k=v' },
    parent: { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1, isRemote: true },
    name: 'print label',
    kind: SpanKind.INTERNAL,
    start: [1_700_000_000, 900_000_000],
    end: [1_700_000_001, 100_000_000],
    status: { code: SpanStatusCode.ERROR, message: 'jam' },
    attributes: { 'label.format': 'zpl' },
    links: [{ span: { traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), traceFlags: 1 } }],
    events: [{ name: 'half way', time: [1_700_000_001, 0] }],
    scope: { name: 'label' },
  }
  channel(SPAN_RECORD_CHANNEL).publish(record)
  await tracing.flush()
  const [span] = receiver.store.trace('a'.repeat(32))
  expect(span).toMatchObject({
    name: 'print label',
    service: 'shop',
    parentSpanId: 'c'.repeat(16),
    status: 'ERROR',
    statusMessage: 'jam',
    attributes: { 'label.format': 'zpl' },
    links: [{ spanId: 'e'.repeat(16) }],
  })
  expect(span?.durationMs).toBeCloseTo(200, 3)
})

test.each([undefined, null, {}, { v: 2 }, { v: 1 }, 'text'])(
  'the record %j is survived',
  (record) => {
    expect(() => channel(SPAN_RECORD_CHANNEL).publish(record)).not.toThrow()
  },
)
