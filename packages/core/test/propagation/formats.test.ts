import { ROOT_CONTEXT, propagation, trace, type Context } from '@opentelemetry/api'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import {
  headerGetter,
  isSamplingDeferred,
  objectSetter,
  propagators,
  suppressTracing,
  type PropagatorName,
} from '@throughline/core/propagation'
import { describe, expect, test } from 'vitest'

const TRACE = '80f198ee56343ba864fe8b2a57d3eff7'
const SPAN = 'e457b5a2e4d86bd1'
const SHORT = '64fe8b2a57d3eff7'
const PADDED = `0000000000000000${SHORT}`

type Headers = Record<string, string>
const read = (format: PropagatorName, headers: Headers) =>
  propagators({ extract: [format] }).extract(ROOT_CONTEXT, headers, headerGetter)
const written = (format: PropagatorName, context: Context) => {
  const headers: Headers = {}
  propagators({ inject: [format] }).inject(context, headers, objectSetter)
  return headers
}
const local = (traceFlags: number, traceId = TRACE) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: SPAN, traceFlags })
const idsOf = (context: Context) => {
  const found = trace.getSpanContext(context)
  return found && `${found.traceId} ${found.spanId} ${found.traceFlags}`
}

interface Vectors {
  readonly format: PropagatorName
  /** Headers, the ids and flags they mean, and whether they leave the decision open. */
  readonly reads: readonly (readonly [headers: Headers, ids: string, deferred?: boolean])[]
  readonly refuses: readonly Headers[]
  /** What is sent for a sampled span, and for one that is not. */
  readonly sampled: Headers
  readonly unsampled: Headers
}

const full = (flags: number) => `${TRACE} ${SPAN} ${flags}`
const padded = (flags: number) => `${PADDED} ${SPAN} ${flags}`
const b3multi = (state: Headers, traceId = TRACE): Headers => ({
  'x-b3-traceid': traceId,
  'x-b3-spanid': SPAN,
  ...state,
})
const datadog = (more: Headers): Headers => ({
  'x-datadog-trace-id': '7277407061855694839',
  'x-datadog-parent-id': '16453819474850114513',
  ...more,
})
const ottrace = (more: Headers, traceId = SHORT): Headers => ({
  'ot-tracer-traceid': traceId,
  'ot-tracer-spanid': SPAN,
  ...more,
})
const ROOT = '1-80f198ee-56343ba864fe8b2a57d3eff7'
const xray = (header: string): Headers => ({ 'x-amzn-trace-id': header })
const uber = (header: string): Headers => ({ 'uber-trace-id': header })
const tid = '_dd.p.tid=80f198ee56343ba8'

// B3: openzipkin/b3-propagation. Jaeger: its client libraries' propagation format. Datadog: trace context propagation.
// X-Ray: tracing header. ottrace: OpenTelemetry specification, propagators.
const formats: readonly Vectors[] = [
  {
    format: 'b3',
    reads: [
      [{ b3: `${TRACE}-${SPAN}-1-05e3ac9a4f6e3b90` }, full(1)],
      [{ b3: `${TRACE}-${SPAN}-1` }, full(1)],
      [{ b3: `${TRACE}-${SPAN}-0` }, full(0)],
      [{ b3: `${TRACE}-${SPAN}-d` }, full(1)],
      [{ b3: `${TRACE}-${SPAN}` }, full(1), true],
      [{ b3: `${SHORT}-${SPAN}-1` }, padded(1)],
      [{ b3: `${TRACE.toUpperCase()}-${SPAN.toUpperCase()}-1` }, full(1)],
      [b3multi({ 'x-b3-sampled': '1' }), full(1)],
      [{ b3: `${SHORT}-${SPAN}-1`, ...b3multi({ 'x-b3-sampled': '0' }) }, padded(1)],
      [{ b3: 'garbage', ...b3multi({ 'x-b3-sampled': '0' }) }, full(0)],
    ],
    refuses: [
      {},
      { b3: '' },
      { b3: '0' },
      { b3: '1' },
      { b3: 'd' },
      { b3: TRACE },
      { b3: `${TRACE}-` },
      { b3: `${TRACE}-${SPAN}-` },
      { b3: `${TRACE}-${SPAN}-2` },
      { b3: `${TRACE}-${SPAN}-1-xyz` },
      { b3: `${TRACE}-${SPAN}-1-${SPAN}-1` },
      { b3: `${TRACE.slice(1)}-${SPAN}-1` },
      { b3: `${TRACE}-${SPAN.slice(1)}-1` },
      { b3: `${'0'.repeat(32)}-${SPAN}-1` },
      { b3: `${TRACE}-${'0'.repeat(16)}-1` },
      { b3: `${TRACE.replace('8', 'g')}-${SPAN}-1` },
      { b3: `${TRACE}-${SPAN}-1,${TRACE}-${SPAN}-1` },
    ],
    sampled: { b3: `${TRACE}-${SPAN}-1` },
    unsampled: { b3: `${TRACE}-${SPAN}-0` },
  },
  {
    format: 'b3multi',
    reads: [
      [b3multi({ 'x-b3-sampled': '1' }), full(1)],
      [b3multi({ 'x-b3-sampled': 'true' }), full(1)],
      [b3multi({ 'x-b3-sampled': '0' }), full(0)],
      [b3multi({ 'x-b3-sampled': 'false' }), full(0)],
      [b3multi({ 'x-b3-flags': '1' }), full(1)],
      [b3multi({ 'x-b3-flags': '1', 'x-b3-sampled': '0' }), full(1)],
      [b3multi({ 'x-b3-parentspanid': '05e3ac9a4f6e3b90' }), full(1), true],
      [b3multi({}), full(1), true],
      [b3multi({ 'x-b3-sampled': '1' }, SHORT), padded(1)],
      [{ b3: `${TRACE}-${SPAN}-0` }, full(0)],
    ],
    refuses: [
      { 'x-b3-sampled': '1' },
      { 'x-b3-traceid': TRACE },
      { 'x-b3-spanid': SPAN },
      b3multi({ 'x-b3-sampled': 'yes' }),
      b3multi({}, '1'.repeat(17)),
    ],
    sampled: b3multi({ 'x-b3-sampled': '1' }),
    unsampled: b3multi({ 'x-b3-sampled': '0' }),
  },
  {
    format: 'jaeger',
    reads: [
      [uber(`${TRACE}:${SPAN}:0:1`), full(1)],
      [uber(`${TRACE}:${SPAN}:0:01`), full(1)],
      [uber(`${TRACE}:${SPAN}:05e3ac9a4f6e3b90:0`), full(0)],
      [uber(`${TRACE}:${SPAN}:0:3`), full(1)],
      [uber(`${TRACE}:${SPAN}:0:2`), full(0)],
      [uber(`${TRACE}:${SPAN}:0:ff`), full(1)],
      [uber(`${TRACE}%3A${SPAN}%3A0%3a1`), full(1)],
      [uber(`${SHORT}:${SPAN}:0:1`), padded(1)],
      [uber('1:2:0:1'), `${'1'.padStart(32, '0')} ${'2'.padStart(16, '0')} 1`],
    ],
    refuses: [
      {},
      uber(''),
      uber(TRACE),
      uber(`${TRACE}:${SPAN}:0`),
      uber(`${TRACE}:${SPAN}:0:`),
      uber(`${TRACE}:${SPAN}:0:g`),
      uber(`${TRACE}:${SPAN}:0:100`),
      uber(`${TRACE}:${SPAN}:0:1:1`),
      uber(`0:${SPAN}:0:1`),
      uber(`${TRACE}:0:0:1`),
      uber(`${TRACE}0:${SPAN}:0:1`),
      uber(`:${SPAN}:0:1`),
    ],
    sampled: uber(`${TRACE}:${SPAN}:0:1`),
    unsampled: uber(`${TRACE}:${SPAN}:0:0`),
  },
  {
    format: 'datadog',
    reads: [
      [datadog({ 'x-datadog-sampling-priority': '1', 'x-datadog-tags': tid }), full(1)],
      [datadog({ 'x-datadog-sampling-priority': '2', 'x-datadog-tags': tid }), full(1)],
      [datadog({ 'x-datadog-sampling-priority': '0', 'x-datadog-tags': tid }), full(0)],
      [datadog({ 'x-datadog-sampling-priority': '-1', 'x-datadog-tags': tid }), full(0)],
      [datadog({ 'x-datadog-tags': `_dd.p.dm=-1,${tid}` }), full(1), true],
      [datadog({ 'x-datadog-sampling-priority': '1' }), padded(1)],
      [
        datadog({ 'x-datadog-sampling-priority': '1', 'x-datadog-tags': '_dd.p.tid=xyz' }),
        padded(1),
      ],
      [
        {
          'x-datadog-trace-id': '18446744073709551615',
          'x-datadog-parent-id': '1',
          'x-datadog-sampling-priority': '1',
        },
        `${'0'.repeat(16)}${'f'.repeat(16)} ${'1'.padStart(16, '0')} 1`,
      ],
    ],
    refuses: [
      {},
      { 'x-datadog-trace-id': '1' },
      { 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '0', 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '1', 'x-datadog-parent-id': '0' },
      { 'x-datadog-trace-id': '-1', 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '0x1', 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '1.5', 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '18446744073709551616', 'x-datadog-parent-id': '1' },
      { 'x-datadog-trace-id': '9'.repeat(21), 'x-datadog-parent-id': '1' },
    ],
    sampled: datadog({ 'x-datadog-sampling-priority': '1', 'x-datadog-tags': tid }),
    unsampled: datadog({ 'x-datadog-sampling-priority': '0', 'x-datadog-tags': tid }),
  },
  {
    format: 'xray',
    reads: [
      [xray(`Root=${ROOT};Parent=${SPAN};Sampled=1`), full(1)],
      [xray(`Root=${ROOT};Parent=${SPAN};Sampled=0`), full(0)],
      [xray(`Sampled=1 ; Parent=${SPAN} ; Root=${ROOT}`), full(1)],
      [xray(`Self=1-1-1;Root=${ROOT};Parent=${SPAN};Sampled=1;Lineage=a:1|b:2`), full(1)],
      [xray(`Root=${ROOT};Parent=${SPAN}`), full(1), true],
      [xray(`Root=${ROOT};Parent=${SPAN};Sampled=?`), full(1), true],
    ],
    refuses: [
      {},
      xray(''),
      xray(';;;'),
      xray(`Root=${ROOT}`),
      xray(`Parent=${SPAN};Sampled=1`),
      xray(`Root=2${ROOT.slice(1)};Parent=${SPAN};Sampled=1`),
      xray(`Root=${ROOT}0;Parent=${SPAN};Sampled=1`),
      xray(`Root=${ROOT.replaceAll('-', '_')};Parent=${SPAN};Sampled=1`),
      xray(`Root=1-${'0'.repeat(8)}-${'0'.repeat(24)};Parent=${SPAN};Sampled=1`),
      xray(`Root=${ROOT};Parent=${'0'.repeat(16)};Sampled=1`),
      xray(`Root=${ROOT};Parent=${SPAN.slice(1)};Sampled=1`),
    ],
    sampled: xray(`Root=${ROOT};Parent=${SPAN};Sampled=1`),
    unsampled: xray(`Root=${ROOT};Parent=${SPAN};Sampled=0`),
  },
  {
    format: 'ottrace',
    reads: [
      [ottrace({ 'ot-tracer-sampled': 'true' }), padded(1)],
      [ottrace({ 'ot-tracer-sampled': 'false' }), padded(0)],
      [ottrace({ 'ot-tracer-sampled': 'true' }, TRACE), full(1)],
      [ottrace({}), padded(1), true],
    ],
    refuses: [
      {},
      { 'ot-tracer-traceid': SHORT },
      { 'ot-tracer-spanid': SPAN },
      ottrace({}, '0'.repeat(16)),
      ottrace({}, 'xyz'),
    ],
    sampled: ottrace({ 'ot-tracer-sampled': 'true' }),
    unsampled: ottrace({ 'ot-tracer-sampled': 'false' }),
  },
]

describe.each(formats)('$format', ({ format, reads, refuses, sampled, unsampled }) => {
  const cases = reads.map(([headers, ids, deferred = false]) => ({ headers, ids, deferred }))
  test.each(cases)('reads $headers', ({ headers, ids, deferred }) => {
    const context = read(format, headers)
    expect(idsOf(context)).toBe(ids)
    expect(trace.getSpanContext(context)?.isRemote).toBe(true)
    expect(isSamplingDeferred(context)).toBe(deferred)
  })

  test.each(refuses)('finds nothing in %j', (headers) => {
    expect(read(format, headers)).toBe(ROOT_CONTEXT)
  })

  test('writes ids and decision', () => {
    expect(written(format, local(1))).toEqual(sampled)
    expect(written(format, local(0))).toEqual(unsampled)
  })

  test('writes nothing without a span, nor where tracing is suppressed', () => {
    expect(written(format, ROOT_CONTEXT)).toEqual({})
    expect(written(format, local(1, 'invalid'))).toEqual({})
    expect(written(format, suppressTracing(local(1)))).toEqual({})
  })

  test('names every field that it writes', () => {
    const fields = propagators({ inject: [format], extract: [] }).fields()
    expect(fields).toEqual(expect.arrayContaining(Object.keys(sampled)))
  })

  test('sends an open decision on as an open one, until a span is started', () => {
    const open = reads.find(([, , deferred]) => deferred)?.[0]
    if (!open) return expect(format).toBe('jaeger') // its flags always hold a decision
    const context = read(format, open)
    expect(Object.values(written(format, context)).join()).not.toMatch(/[-=](1|true)$/)
    const again = read(format, written(format, context))
    expect(isSamplingDeferred(again)).toBe(true)
    const span = trace.setSpanContext(context, {
      ...trace.getSpanContext(context)!,
      isRemote: false,
    })
    expect(isSamplingDeferred(span)).toBe(false)
    expect(written(format, span)).toMatchObject(sampled)
  })
})

describe('a debug trace', () => {
  test.each([
    ['b3', { b3: `${TRACE}-${SPAN}-d` }, 'b3'],
    ['b3multi', b3multi({ 'x-b3-flags': '1' }), 'x-b3-flags'],
    ['jaeger', uber(`${TRACE}:${SPAN}:0:3`), 'uber-trace-id'],
  ] as const)('stays one in %s', (format, headers, field) => {
    expect(written(format, read(format, headers))[field]).toBe((headers as Headers)[field])
  })
})

describe("OpenTelemetry's own B3 propagator", () => {
  test.each([
    ['b3', new B3Propagator()],
    ['b3multi', new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
  ] as const)('and ours understand each other in %s', (format, theirs) => {
    for (const flags of [0, 1]) {
      const sent: Headers = {}
      theirs.inject(local(flags), sent, objectSetter)
      expect(idsOf(read(format, sent))).toBe(full(flags))
      const received = theirs.extract(ROOT_CONTEXT, written(format, local(flags)), headerGetter)
      expect(idsOf(received)).toBe(full(flags))
    }
  })
})

test('a sender of another format is not said to have a random trace id', () => {
  const { spanId, ...sender } = trace.getSpanContext(read('b3', { b3: `${TRACE}-${SPAN}-1` }))!
  const child = trace.setSpanContext(ROOT_CONTEXT, { ...sender, spanId, isRemote: false })
  expect(written('tracecontext', child)['traceparent']).toBe(`00-${TRACE}-${SPAN}-01`)
})

describe.each([
  ['jaeger', 'uberctx-'],
  ['ottrace', 'ot-baggage-'],
] as const)('baggage in %s', (format, prefix) => {
  const withEntries = (entries: Record<string, string>) =>
    propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage(
        Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }])),
      ),
    )
  const entriesOf = (context: Context) =>
    propagation
      .getBaggage(context)
      ?.getAllEntries()
      .map(([key, { value }]) => [key, value])

  test('travels in a header for each entry, with and without a span', () => {
    const headers = written(format, withEntries({ tenant: 'acme', note: 'grün & 100 %' }))
    expect(headers).toEqual({
      [`${prefix}tenant`]: 'acme',
      [`${prefix}note`]: 'gr%C3%BCn%20%26%20100%20%25',
    })
    expect(entriesOf(read(format, headers))).toEqual([
      ['tenant', 'acme'],
      ['note', 'grün & 100 %'],
    ])
  })

  test('is read tolerantly and within limits', () => {
    expect(entriesOf(read(format, { [`${prefix}a`]: '%zz', [prefix]: 'no key' }))).toEqual([
      ['a', '%zz'],
    ])
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [`${prefix}k${at}`, 'v']),
    )
    expect(entriesOf(read(format, many))).toHaveLength(64)
    expect(entriesOf(read(format, { [`${prefix}__proto__`]: 'x' }))).toEqual([['__proto__', 'x']])
  })

  test('is written within limits, and keys that are no header names stay here', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, 'v']))
    expect(Object.keys(written(format, withEntries(many)))).toHaveLength(64)
    expect(
      written(format, withEntries({ 'no name': 'x', ä: 'x', long: 'x'.repeat(9000) })),
    ).toEqual({})
  })
})
