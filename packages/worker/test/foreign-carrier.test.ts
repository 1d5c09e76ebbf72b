import { trace, type SpanContext } from '@opentelemetry/api'
import { B3, ids } from './fixtures/carriers.ts'
import { propagators } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { readCarrier } from '../src/carrier.ts'
import { resolveTracing } from '@throughline/core/integration'
import { SCOPE } from '../src/scope.ts'

const { traceId, spanId } = ids
const tracing = createTestTracing({ global: false })
afterAll(() => tracing.shutdown())

const read = (carrier: unknown, propagator = tracing.propagator): SpanContext | undefined =>
  trace.getSpanContext(readCarrier(resolveTracing(SCOPE, 'test', { propagator }), carrier).sender)

const w3c = `00-${traceId}-${spanId}-01`
const sentry = `${traceId}-${spanId}`
const datadog = {
  'x-datadog-trace-id': BigInt(`0x${traceId.slice(16)}`).toString(),
  'x-datadog-parent-id': BigInt(`0x${spanId}`).toString(),
  'x-datadog-sampling-priority': '1',
  'x-datadog-tags': `_dd.p.dm=-1,_dd.p.tid=${traceId.slice(0, 16)}`,
}

describe('a carrier of another tool brings its context', () => {
  it.each<[string, unknown, number]>([
    ['ours', { v: 1, at: 5, traceparent: w3c }, 1],
    ['ours, as BullMQ stores it', `{"v":1,"traceparent":"${w3c}"}`, 1],
    ['ours, with more fields', `{"v":1,"traceparent":"${w3c}","tracestate":"a=b"}`, 1],
    ['bullmq-otel', JSON.stringify({ traceparent: w3c, tracestate: 'a=b' }), 1],
    ['Sentry, as BullMQ stores it: bare text', `${sentry}-1`, 1],
    ['Sentry, sampled out', `${sentry}-0`, 0],
    ['Sentry, not decided', sentry, 1],
    ['Sentry, as a field', { 'sentry-trace': `${sentry}-1`, baggage: 'sentry-release=1' }, 1],
    ['Datadog, beside other metadata', JSON.stringify({ mine: 1, _datadog: datadog }), 1],
    ['Datadog, dropped', { _datadog: { ...datadog, 'x-datadog-sampling-priority': '-1' } }, 0],
    ['Datadog with W3C fields', { _datadog: { ...datadog, traceparent: w3c } }, 1],
  ])('%s', (_, carrier, traceFlags) => {
    expect(read(carrier)).toMatchObject({ traceId, spanId, traceFlags, isRemote: true })
  })

  it('Datadog with an id of 64 bits', () => {
    const { 'x-datadog-tags': _, ...short } = datadog
    expect(read({ _datadog: short })?.traceId).toBe(`0000000000000000${traceId.slice(16)}`)
  })

  it('W3C, where the propagator in use reads another format', () => {
    expect(read({ traceparent: w3c }, B3)).toMatchObject({ traceId, spanId })
  })
})

it('prefers what the propagator in use reads', () => {
  const other = `${'a'.repeat(32)}-${'b'.repeat(16)}-1`
  expect(read({ traceparent: w3c, 'sentry-trace': other })?.traceId).toBe(traceId)
})

it('reads a text as long as the plainest one by all its fields', () => {
  const b3 = `${traceId.slice(16)}-${spanId}-1`
  const text = JSON.stringify({ v: 1, traceparent: 'not one, yet', b3 })
  expect(text).toHaveLength(JSON.stringify({ v: 1, traceparent: w3c }).length)
  expect(read(text, propagators({ extract: ['b3'], inject: ['b3'] }))?.spanId).toBe(spanId)
})

it.each([
  `${sentry}-2`,
  `{"v":1,"traceparent":"${w3c}"]`,
  `{"v":1,"traceparent":"${w3c.replace('00-', 'ff-')}"}`,
  `{"v":1,"traceparent":"${w3c.replaceAll('-', '"')}"}`,
  `${'0'.repeat(32)}-${spanId}-1`,
  { _datadog: null },
  { _datadog: 'x' },
  { _datadog: { ...datadog, 'x-datadog-trace-id': '-1' } },
  { _datadog: { ...datadog, 'x-datadog-trace-id': '99999999999999999999' } },
  { _datadog: { ...datadog, 'x-datadog-parent-id': '0' } },
  { _datadog: { ...datadog, 'x-datadog-parent-id': 7 } },
])('reads nothing out of what is almost such a carrier (%#)', (carrier) => {
  expect(read(carrier)).toBeUndefined()
})
