import {
  extractContext,
  headerGetter,
  injectContext,
  objectSetter,
  w3cPropagator,
  type Carrier,
} from '@throughline/core/propagation'
import { trace } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'

const utf8 = (text: string) => Buffer.from(text)
const get = (carrier: unknown, key = 'key') => headerGetter.get(carrier as never, key)

describe('a header', () => {
  test.each([
    ['text', 'value', 'value'],
    ['empty text', '', ''],
    ['a Buffer', utf8('väl'), 'väl'],
    ['a plain Uint8Array', Uint8Array.of(0x6f, 0x6b), 'ok'],
    ['a view into larger bytes', new Uint8Array([0x2e, 0x6f, 0x6b, 0x2e]).subarray(1, 3), 'ok'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff), '\uFFFD'],
    ['a list of one', ['value'], 'value'],
    ['a list of one Buffer', [utf8('value')], 'value'],
    ['a list of several', ['a', utf8('b'), 'c'], 'a,b,c'],
    ['a list with holes', ['a', null, 7, 'b'], 'a,b'],
    ['an empty list', [], undefined],
    ['a list too long to be honest', Array.from({ length: 33 }, () => 'a'), undefined],
    ['null', null, undefined],
    ['undefined', undefined, undefined],
    ['a number', 42, undefined],
    ['an object', { toString: () => 'value' }, undefined],
    ['a function', () => 'value', undefined],
    ['text of the greatest length', 'x'.repeat(8192), 'x'.repeat(8192)],
    ['text beyond it', 'x'.repeat(8193), undefined],
    ['bytes beyond it', Buffer.alloc(8193, 'x'), undefined],
    ['a list that joins to more', ['x'.repeat(8000), 'y'.repeat(200)], undefined],
  ])('that is %s', (_, value, read) => {
    expect(get({ key: value })).toBe(read)
  })
})

test('a repeated traceparent counts as absent, a list of one does not', () => {
  expect(get({ traceparent: ['a', 'b'] }, 'traceparent')).toBeUndefined()
  expect(get({ traceparent: ['a'] }, 'traceparent')).toBe('a')
})

test.each([null, undefined, 'text', 7])('a carrier that is %s is an empty one', (carrier) => {
  expect(get(carrier)).toBeUndefined()
})

test('only own properties are headers', () => {
  expect(get({}, '__proto__')).toBeUndefined()
  expect(get({}, 'constructor')).toBeUndefined()
  expect(get(Object.create({ key: 'inherited' }))).toBeUndefined()
  expect(get(Object.assign(Object.create(null) as object, { key: 'value' }))).toBe('value')
  expect(get(JSON.parse('{"__proto__": "value"}'), '__proto__')).toBe('value')
})

test('the keys of a carrier are its own; nothing has none', () => {
  expect(headerGetter.keys({ a: '1', b: utf8('2') })).toEqual(['a', 'b'])
  expect(headerGetter.keys(undefined as never)).toEqual([])
})

test('a field is written as a property, and never to a prototype', () => {
  const carrier = {}
  objectSetter.set(carrier, 'traceparent', 'value')
  objectSetter.set(carrier, '__proto__', 'value')
  expect(carrier).toEqual({ traceparent: 'value' })
  expect(Object.getPrototypeOf(carrier)).toBe(Object.prototype)
})

describe('a carrier of any shape', () => {
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  const fields = { traceparent, tracestate: 'a=1' }
  const tracing = { propagator: w3cPropagator }
  const stateOf = (carrier: Carrier) =>
    trace.getSpanContext(extractContext(tracing, carrier))?.traceState?.serialize()

  test.each<[string, Carrier]>([
    ['an object', fields],
    ['an object of Buffers', { traceparent: utf8(traceparent), tracestate: [utf8('a=1')] }],
    ['Headers', new Headers(fields)],
    ['a Map', new Map(Object.entries(fields))],
    [
      'a Map of Buffers',
      new Map([
        ['traceparent', utf8(traceparent)],
        ['tracestate', utf8('a=1')],
      ]),
    ],
    ["Node's raw headers", ['Host', 'x', 'TraceParent', traceparent, 'TRACESTATE', 'a=1']],
    ['raw headers of Buffers', [utf8('traceparent'), utf8(traceparent), 'tracestate', utf8('a=1')]],
    [
      'pairs',
      [
        ['Host', 'x'],
        ['Traceparent', traceparent],
        ['tracestate', 'a=1'],
      ],
    ],
    ['JSON', JSON.stringify(fields)],
  ])('is read: %s', (_, carrier) => {
    expect(stateOf(carrier)).toBe('a=1')
  })

  test.each<[string, Carrier]>([
    ['an empty list', []],
    ['a list of one name', ['traceparent']],
    ['a list of holes', [undefined, null, 7, {}]],
    ['pairs with holes', [['traceparent'], null, 7] as unknown[]],
    ['JSON of a text', '"traceparent"'],
    ['JSON of nothing', 'null'],
    ['no JSON', '{'],
    [
      'JSON of the greatest patience',
      `{"traceparent":"${traceparent}","x":"${'x'.repeat(70_000)}"}`,
    ],
    ['an object with a method get that answers nonsense', { get: () => 42 }],
    ['a repeated traceparent', ['traceparent', traceparent, 'traceparent', traceparent]],
    [
      'a repeated traceparent in Headers',
      new Headers([
        ['traceparent', traceparent],
        ['traceparent', traceparent],
      ]),
    ],
  ])('brings nothing: %s', (_, carrier) => {
    expect(trace.getSpanContext(extractContext(tracing, carrier))).toBeUndefined()
  })

  test('a tracestate in several headers is one', () => {
    const list = [
      'traceparent',
      traceparent,
      'tracestate',
      'a=1',
      'Tracestate',
      'b=2',
      'tracestate',
      '',
    ]
    expect(stateOf(list)).toBe('a=1,b=2')
    expect(stateOf({ traceparent, tracestate: ['a=1', utf8('b=2')] })).toBe('a=1,b=2')
    expect(
      stateOf(
        new Headers([
          ['traceparent', traceparent],
          ['tracestate', 'a=1'],
          ['tracestate', 'b=2'],
        ]),
      ),
    ).toBe('a=1,b=2')
  })

  test('only so much of a list is looked at', () => {
    const list = Array.from({ length: 10_000 }, () => 'x')
    expect(stateOf([...list, 'traceparent', traceparent])).toBeUndefined()
  })

  test('says its names', () => {
    expect(headerGetter.keys(new Headers({ A: '1' }))).toEqual(['a'])
    expect(headerGetter.keys(new Map([['a', '1']]))).toEqual(['a'])
    expect(headerGetter.keys(['A', '1', utf8('B'), '2'])).toEqual(['a', 'b'])
    expect(headerGetter.keys([['A', '1']])).toEqual(['a'])
  })

  test('is written in its own way', () => {
    const context = extractContext(tracing, fields)
    expect(injectContext(tracing, context, {})).toEqual(fields)
    expect(Object.fromEntries(injectContext(tracing, context, new Headers()))).toEqual(fields)
    expect(Object.fromEntries(injectContext(tracing, context, new Map()))).toEqual(fields)
    expect(injectContext(tracing, context, ['Host', 'x', 'Traceparent', 'stale'])).toEqual([
      'Host',
      'x',
      'traceparent',
      traceparent,
      'tracestate',
      'a=1',
    ])
    expect(
      injectContext(tracing, context, [
        ['Traceparent', 'stale'],
        ['Host', 'x'],
      ]),
    ).toEqual([
      ['Host', 'x'],
      ['traceparent', traceparent],
      ['tracestate', 'a=1'],
    ])
  })

  test('is read by a getter of its own', () => {
    const envelope = { meta: fields }
    const read = extractContext(tracing, envelope, {
      keys: ({ meta }) => Object.keys(meta),
      get: ({ meta }, key) => meta[key as keyof typeof meta],
    })
    expect(trace.getSpanContext(read)?.spanId).toBe('2'.repeat(16))
  })
})
