import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { SpanRecord } from '@throughline/core/integration'
import { expect, it } from 'vitest'
import { fromRow, toRow } from '../src/threads/span-row.ts'
import { SPAN_RECORD } from './fixtures/span-record.ts'

const { span } = SPAN_RECORD
const full: SpanRecord = {
  ...SPAN_RECORD,
  span: { ...span, traceState: 'vendor=opaque' },
  parent: { ...span, spanId: '00f067aa0ba902b7', traceState: 'vendor=parent', isRemote: true },
  kind: SpanKind.CLIENT,
  status: { code: SpanStatusCode.ERROR, message: 'no paper' },
  attributes: { text: 'a', list: ['b', null], not: Number.NaN, 'not given': undefined },
  links: [{ span, attributes: { at: 1 } }],
  events: [{ name: 'exception', time: [1700000000, 5], attributes: { c: 'd' } }],
  scope: { name: 'app', version: '1.0.0' },
}

it.each([
  ['the least that a span can be', SPAN_RECORD],
  ['a span with everything', full],
  ['a parent without a trace state', { ...SPAN_RECORD, parent: span }],
])('a row brings the record over whole: %s', (_, record) => {
  expect(fromRow(structuredClone(toRow(record)))).toStrictEqual(record)
})

it.each([undefined, null, 'x', {}, [], [2, 'of another version'], SPAN_RECORD])(
  'what is no row of a known version is none: %j',
  (stranger) => {
    expect(fromRow(stranger)).toBeUndefined()
  },
)
