import {
  ROOT_CONTEXT,
  createContextKey,
  createTraceState,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'
import {
  headerGetter,
  objectSetter,
  suppressTracing,
  w3cPropagator,
} from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { formatTraceparent, parseTraceparent } from '../../src/propagation/traceparent.ts'
import { W3CTraceContextPropagator } from '../../src/propagation/w3c.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('a traceparent that is read', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-00`, 0],
    [`00-${TRACE}-${SPAN}-01`, 1],
    [`00-${TRACE}-${SPAN}-02`, 2],
    [`00-${TRACE}-${SPAN}-03`, 3],
    [`00-${TRACE}-${SPAN}-ff`, 255],
    [`  00-${TRACE}-${SPAN}-01\t`, 1],
    [`01-${TRACE}-${SPAN}-01`, 1],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-adds`, 1],
    [`cc-${TRACE}-${SPAN}-ff`, 3],
    [`fe-${TRACE}-${SPAN}-01-`, 1],
  ])('%j', (header, traceFlags) => {
    const read = { traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true }
    expect(parseTraceparent(header)).toEqual(read)
  })
})

describe('a traceparent that is none', () => {
  test.each([
    '',
    '00',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-011`,
    `00-${TRACE}-${SPAN}-0g`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `cc-${TRACE}-${SPAN}-011`,
    `ff-${TRACE}-${SPAN}-01`,
    `0-${TRACE}-${SPAN}-01`,
    `000-${TRACE}-${SPAN}-01`,
    `.0-${TRACE}-${SPAN}-01`,
    `0.-${TRACE}-${SPAN}-01`,
    `00-${TRACE}0-${SPAN}-01`,
    `00-.${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}0-01`,
    `00-${TRACE}-${SPAN.slice(1)}.-01`,
    `00-${TRACE}-${SPAN}-.0`,
    `00-${TRACE}-${SPAN}-0.`,
    `00-${TRACE}-${SPAN}-001`,
    `zz-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.toUpperCase()}-01`,
    `00-${TRACE}-${SPAN}-0A`,
    `00-${TRACE.slice(1)}-${SPAN}-01 `,
    `00_${TRACE}_${SPAN}_01`,
    `00-${TRACE.replace('4', '\u0664')}-${SPAN}-01`,
  ])('%j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })
})

test.each([
  [0, '00'],
  [1, '01'],
  [3, '03'],
  [16, '10'],
  [255, 'ff'],
  [256 + 1, '01'],
])('flags %i are written in two digits', (traceFlags, digits) => {
  const header = formatTraceparent({ traceId: TRACE, spanId: SPAN }, traceFlags)
  expect(header).toBe(`00-${TRACE}-${SPAN}-${digits}`)
})

describe('the propagator', () => {
  const spanContext: SpanContext = {
    traceId: TRACE,
    spanId: SPAN,
    traceFlags: 3,
    traceState: createTraceState('ot=th:8,vendor=opaque'),
  }
  const carrier = {
    traceparent: `00-${TRACE}-${SPAN}-03`,
    tracestate: 'ot=th:8,vendor=opaque',
  }
  const context = trace.setSpanContext(ROOT_CONTEXT, spanContext)

  const injected = (from: Parameters<typeof w3cPropagator.inject>[0]) => {
    const into = {}
    w3cPropagator.inject(from, into, objectSetter)
    return into
  }

  test('writes ids, all flags and the state', () => {
    expect(injected(context)).toEqual(carrier)
    expect(Object.keys(carrier)).toEqual(w3cPropagator.fields())
  })

  test('writes nothing without a valid span, nor where tracing is suppressed', () => {
    expect(injected(ROOT_CONTEXT)).toEqual({})
    const invalid = trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, spanId: '0'.repeat(16) })
    expect(injected(invalid)).toEqual({})
    expect(injected(suppressTracing(context))).toEqual({})
  })

  test('writes no empty state', () => {
    const stateless = { traceId: TRACE, spanId: SPAN, traceFlags: 1 }
    expect(injected(trace.setSpanContext(ROOT_CONTEXT, stateless))).not.toHaveProperty('tracestate')
  })

  test('reads what it wrote', () => {
    const read = trace.getSpanContext(w3cPropagator.extract(ROOT_CONTEXT, carrier, headerGetter))
    expect(read).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 3, isRemote: true })
    expect(read?.traceState?.serialize()).toBe('ot=th:8,vendor=opaque')
  })

  test('leaves the context as it is when there is nothing to read', () => {
    expect(w3cPropagator.extract(ROOT_CONTEXT, {}, headerGetter)).toBe(ROOT_CONTEXT)
    const malformed = { traceparent: 'garbage', tracestate: 'a=b' }
    expect(w3cPropagator.extract(ROOT_CONTEXT, malformed, headerGetter)).toBe(ROOT_CONTEXT)
  })

  test.each(['trace-parent', 'trace.parent', 'x-traceparent', 'TRACEPARENT'])(
    'finds nothing in a field named %s',
    (name) => {
      const headers = { [name]: carrier.traceparent }
      expect(w3cPropagator.extract(ROOT_CONTEXT, headers, headerGetter)).toBe(ROOT_CONTEXT)
    },
  )

  test('takes no state without ids, nor from fields of other names', () => {
    const alone = { tracestate: 'a=1' }
    expect(w3cPropagator.extract(ROOT_CONTEXT, alone, headerGetter)).toBe(ROOT_CONTEXT)
    const other = { traceparent: carrier.traceparent, 'trace-state': 'a=1', 'trace.state': 'a=1' }
    const read = trace.getSpanContext(w3cPropagator.extract(ROOT_CONTEXT, other, headerGetter))
    expect(read?.traceState?.serialize()).toBe('')
  })

  test('keeps the ids of a sender whose state is malformed', () => {
    const odd = { traceparent: carrier.traceparent, tracestate: '=,;%\u0000' }
    const read = trace.getSpanContext(w3cPropagator.extract(ROOT_CONTEXT, odd, headerGetter))
    expect(read).toMatchObject({ traceId: TRACE, spanId: SPAN })
  })
})

describe('the flags of a traceparent that is sent on', () => {
  const sdk = createTestTracing({ global: false })
  afterAll(() => sdk.shutdown())
  const tracer = sdk.tracerProvider.getTracer('test')

  const passedOn = (flags: string) => {
    const carrier = { traceparent: `00-${TRACE}-${SPAN}-${flags}` }
    return w3cPropagator.extract(ROOT_CONTEXT, carrier, headerGetter)
  }
  const flagsOf = (context: Context, propagator = w3cPropagator) => {
    const into: { traceparent?: string } = {}
    propagator.inject(context, into, objectSetter)
    return into.traceparent?.slice(53)
  }
  const childOf = (parent: Context, base = parent) =>
    trace.setSpan(base, tracer.startSpan('child', {}, parent))

  test.each(['00', '01', '02', '03', '10', '80', 'fe', 'ff'])(
    'by nobody but a passer-by stay %s',
    (flags) => {
      expect(flagsOf(passedOn(flags))).toBe(flags)
    },
  )

  test.each([
    ['01', '01'],
    ['03', '03'],
    ['02', '03'],
    ['ff', '03'],
    ['81', '01'],
  ])('by a sampled child of %s are %s: reserved bits are set to zero', (flags, sent) => {
    // The SDK samples as the parent did, so the parent is made a sampled one.
    const parent = { ...trace.getSpanContext(passedOn(flags))!, traceFlags: 1 }
    expect(flagsOf(childOf(trace.setSpanContext(ROOT_CONTEXT, parent)))).toBe(sent)
  })

  test('by an unsampled child keep what is known of the id', () => {
    expect(flagsOf(childOf(passedOn('02')))).toBe('02')
    expect(flagsOf(childOf(passedOn('00')))).toBe('00')
  })

  test('survive a child that is put into a context of its own', () => {
    expect(flagsOf(childOf(passedOn('01'), ROOT_CONTEXT))).toBe('01')
    expect(flagsOf(childOf(passedOn('03'), ROOT_CONTEXT))).toBe('03')
  })

  test('survive a sampler that writes into the state', () => {
    const parent = trace.getSpanContext(passedOn('03'))!
    const traceState = parent.traceState!.set('ot', 'th:8')
    const local = { ...parent, isRemote: false, traceFlags: 1, traceState }
    expect(flagsOf(trace.setSpanContext(ROOT_CONTEXT, local))).toBe('03')
    const notRandom = trace.getSpanContext(passedOn('01'))!.traceState!.set('ot', 'th:8')
    const other = { ...local, traceState: notRandom }
    expect(flagsOf(trace.setSpanContext(ROOT_CONTEXT, other))).toBe('01')
  })

  test('say that an id made here is random, unless it is told otherwise', () => {
    expect(flagsOf(childOf(ROOT_CONTEXT))).toBe('03')
    expect(flagsOf(childOf(ROOT_CONTEXT), new W3CTraceContextPropagator(false))).toBe('01')
  })
})

test('two traceparents are none, however they were joined', () => {
  const one = `00-${TRACE}-${SPAN}-01`
  const carriers = [
    { traceparent: [one, one] },
    { traceparent: `${one}, ${one}` },
    { traceparent: `${one},${one}` },
    { traceparent: `cc${one.slice(2)},${one}` },
  ]
  for (const carrier of carriers) {
    expect(w3cPropagator.extract(ROOT_CONTEXT, carrier, headerGetter)).toBe(ROOT_CONTEXT)
  }
})

test('what was extracted is a context like any other', () => {
  const key = createContextKey('test')
  const carrier = { traceparent: `00-${TRACE}-${SPAN}-01` }
  const parent = ROOT_CONTEXT.setValue(key, 'kept')
  const context = w3cPropagator.extract(parent, carrier, headerGetter)
  const span = trace.getSpan(context)
  expect(context.getValue(key)).toBe('kept')
  expect(trace.getSpan(context.setValue(key, 'new'))).toBe(span)
  expect(context.setValue(key, 'new').getValue(key)).toBe('new')
  expect(context.deleteValue(key).getValue(key)).toBeUndefined()
  expect(trace.getSpan(context.deleteValue(key))).toBe(span)
  expect(trace.deleteSpan(context).getValue(key)).toBe('kept')
  expect(trace.getSpan(trace.deleteSpan(context))).toBeUndefined()
  expect(parent.getValue(key)).toBe('kept')
})
