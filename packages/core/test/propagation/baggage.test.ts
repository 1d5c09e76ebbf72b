import {
  ROOT_CONTEXT,
  baggageEntryMetadataFromString,
  diag,
  propagation,
  type Baggage,
  type DiagLogger,
} from '@opentelemetry/api'
import { W3CBaggagePropagator } from '@opentelemetry/core'
import {
  headerGetter,
  objectSetter,
  propagators,
  suppressTracing,
} from '@throughline/core/propagation'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { formatBaggage, parseBaggage } from '../../src/propagation/baggage-list.ts'

afterEach(() => diag.disable())

const entries = (baggage: Baggage | undefined) =>
  baggage
    ?.getAllEntries()
    .map(([key, { value, metadata }]) =>
      metadata ? [key, value, metadata.toString()] : [key, value],
    )
const bag = (record: Record<string, string>) =>
  propagation.createBaggage(
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, { value }])),
  )

describe('a header that is read', () => {
  test.each([
    ['SomeKey=SomeValue', [['SomeKey', 'SomeValue']]],
    ['SomeKey=SomeValue;SomeProp', [['SomeKey', 'SomeValue', 'SomeProp']]],
    [
      'SomeKey=SomeValue;SomePropKey=SomePropValue',
      [['SomeKey', 'SomeValue', 'SomePropKey=SomePropValue']],
    ],
    ['SomeKey \t = \t SomeValue \t ; \t SomeProp \t', [['SomeKey', 'SomeValue', 'SomeProp']]],
    [
      'SomeKey=SomeValue;ValueProp=v, OtherKey=OtherValue ; a=1;b',
      [
        ['SomeKey', 'SomeValue', 'ValueProp=v'],
        ['OtherKey', 'OtherValue', 'a=1;b'],
      ],
    ],
    ['SomeKey=equals=sign', [['SomeKey', 'equals=sign']]],
    ['SomeKey=', [['SomeKey', '']]],
    ['a=%20%21%22%2C%3B%5C%25', [['a', ' !",;\\%']]],
    ['a=%C3%A4%E2%82%AC%F0%9F%98%80', [['a', 'ä€😀']]],
    ['a=100%', [['a', '100%']]],
    ['a=%zz%4', [['a', '%zz%4']]],
    ['a=x%FFy', [['a', 'x\uFFFDy']]],
    ['a=%E0%A4%A', [['a', '\uFFFD%A']]],
    ['a=+', [['a', '+']]],
    ['user%20id=1', [['user id', '1']]],
    ['a=1,a=2', [['a', '2']]],
    [
      '__proto__=1,constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
    [',,a=1,,', [['a', '1']]],
    ['no pair,=1, =2,a=1', [['a', '1']]],
    [
      'a=1,;p,b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ["!#$%&'*+-.^_`|~=ok", [["!#$%&'*+-.^_`|~", 'ok']]],
  ])('%j', (header, read) => {
    expect(entries(parseBaggage(header))).toEqual(read)
  })
})

test.each(['', ' ', ',', 'novalue', '=', ';', '=;='])('%j is no baggage', (header) => {
  expect(parseBaggage(header)).toBeUndefined()
})

describe('baggage that is written', () => {
  test.each([
    [{ SomeKey: 'SomeValue' }, 'SomeKey=SomeValue'],
    [{ a: '1', b: '2' }, 'a=1,b=2'],
    [{ a: '' }, 'a='],
    [{ a: ' !",;\\%' }, 'a=%20!%22%2C%3B%5C%25'],
    [{ a: 'ä€😀' }, 'a=%C3%A4%E2%82%AC%F0%9F%98%80'],
    [{ 'user id': '1' }, 'user%20id=1'],
    [{ 'a%b': '1' }, 'a%25b=1'],
    [{ 'a(b)': '(1)' }, 'a%28b%29=(1)'],
    [{ a: 'x=y' }, 'a=x=y'],
    [{ a: '\r\nInjected: header' }, 'a=%0D%0AInjected%3A%20header'],
    [{ a: '\ud800' }, 'a=%EF%BF%BD'],
    [{ '': '1' }, ''],
  ])('%j', (record, header) => {
    expect(formatBaggage(bag(record))).toBe(header)
  })

  test('keeps its properties, but none that would be a member of their own', () => {
    const of = (properties: string) =>
      formatBaggage(
        propagation.createBaggage({
          a: { value: '1', metadata: baggageEntryMetadataFromString(properties) },
        }),
      )
    expect(of('p=1;q')).toBe('a=1;p=1;q')
    for (const evil of ['p,b=2', 'p\r\nX: 1', 'p"', 'pä']) expect(of(evil)).toBe('a=1')
  })
})

describe('limits', () => {
  const log = () => {
    const warn = vi.fn<DiagLogger['warn']>()
    const nothing = (): void => undefined
    diag.setLogger(
      { error: nothing, warn, info: nothing, debug: nothing, verbose: nothing },
      { suppressOverrideMessage: true },
    )
    return warn
  }
  const thousand = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`key${at}`, 'v']))

  test('64 members are read and written, more are not, and that is said once', () => {
    const warn = log()
    const first = Object.keys(thousand).slice(0, 64)
    const header = Object.keys(thousand)
      .map((key) => `${key}=v`)
      .join(',')
    for (let round = 0; round < 3; round++) {
      expect(entries(parseBaggage(header))?.map(([key]) => key)).toEqual(first)
      expect(formatBaggage(bag(thousand)).split(',')).toHaveLength(64)
    }
    const said = warn.mock.calls.map(([, text]) => text)
    expect(said).toEqual([
      'Baggage beyond 64 members or 8192 bytes was not read',
      'Baggage beyond 64 members or 8192 bytes was not sent',
    ])
  })

  test('8,192 bytes are read and written, whole members only', () => {
    const half = 'x'.repeat(4093)
    const exact = `a=${half},b=${half}x`
    expect(exact).toHaveLength(8192)
    expect(entries(parseBaggage(exact))).toHaveLength(2)
    expect(entries(parseBaggage(`${exact}x`))).toEqual([['a', half]])
    expect(formatBaggage(bag({ a: half, b: `${half}x` }))).toBe(exact)
    expect(formatBaggage(bag({ a: half, b: `${half}xx`, c: '1' }))).toBe(`a=${half},c=1`)
  })
})

describe('the propagator', () => {
  const baggage = bag({ tenant: 'acme', email: 'jo@example.com' })
  const context = propagation.setBaggage(ROOT_CONTEXT, baggage)
  const sent = (options: Parameters<typeof propagators>[0], from = context) => {
    const headers = {}
    propagators(options).inject(from, headers, objectSetter)
    return headers
  }

  test('sends the keys that it is allowed to, in every format', () => {
    expect(sent({ inject: ['baggage'] })).toEqual({
      baggage: 'tenant=acme,email=jo@example.com',
    })
    expect(sent({ inject: ['baggage', 'jaeger', 'ottrace'], baggageKeys: ['tenant'] })).toEqual({
      baggage: 'tenant=acme',
      'uberctx-tenant': 'acme',
      'ot-baggage-tenant': 'acme',
    })
    expect(sent({ inject: ['baggage', 'jaeger'], baggageKeys: [] })).toEqual({})
  })

  test('sends nothing where tracing is suppressed', () => {
    expect(sent({ inject: ['baggage', 'jaeger'] }, suppressTracing(context))).toEqual({})
  })

  test('leaves the context as it is when there is nothing to read', () => {
    const read = propagators({ extract: ['baggage'] })
    expect(read.extract(ROOT_CONTEXT, {}, headerGetter)).toBe(ROOT_CONTEXT)
    expect(read.extract(ROOT_CONTEXT, { baggage: ';' }, headerGetter)).toBe(ROOT_CONTEXT)
  })

  test("and the SDK's own understand each other", () => {
    const theirs = new W3CBaggagePropagator()
    const ours = propagators({ extract: ['baggage'], inject: ['baggage'] })
    const tricky = bag({ a: 'ä, ;=%"\\', 'key with ä': 'x', 'a%b': '1' })
    for (const [from, to] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const headers = {}
      from.inject(propagation.setBaggage(ROOT_CONTEXT, tricky), headers, objectSetter)
      const read = propagation.getBaggage(to.extract(ROOT_CONTEXT, headers, headerGetter))
      expect(entries(read)).toEqual(entries(tricky))
    }
  })
})
