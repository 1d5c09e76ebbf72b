import { ROOT_CONTEXT, isSpanContextValid, propagation, trace } from '@opentelemetry/api'
import {
  TraceState,
  extractContext,
  extractEnvironment,
  headerGetter,
  injectContext,
  propagators,
  type Carrier,
  type PropagatorName,
} from '@throughline/core/propagation'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatBaggage, parseBaggage } from '../../src/propagation/baggage-list.ts'
import { parseTraceparent } from '../../src/propagation/traceparent.ts'

const NAMES: readonly PropagatorName[] = [
  'tracecontext',
  'baggage',
  'b3',
  'b3multi',
  'jaeger',
  'datadog',
  'xray',
  'ottrace',
]
const propagator = propagators({ extract: NAMES, inject: NAMES })
const tracing = { propagator }
const FIELDS = [
  ...propagator.fields(),
  'uberctx-a',
  'uberctx-__proto__',
  'ot-baggage-a',
  '__proto__',
]

// Text that is nearly right reaches further than noise: digits, separators, surrogates, controls.
const pieces = fc.constantFrom(
  '00',
  '01',
  'ff',
  '-',
  ':',
  ';',
  ',',
  '=',
  '%',
  '%C3',
  '%zz',
  ' ',
  '\t',
  '\r\n',
  '\u0000',
  '\ud800',
  '\udc00',
  'ä',
  '😀',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  '00f067aa0ba902b7',
  '0000000000000000',
  'Root=1-',
  'Parent=',
  'Sampled=?',
  '_dd.p.tid=',
  '__proto__',
  'constructor',
  '18446744073709551616',
)
const text = fc.oneof(
  fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 80 }),
)
const bytes = fc.uint8Array({ maxLength: 80 })
const value = fc.oneof(
  text,
  bytes,
  bytes.map((part) => Buffer.from(part)),
  fc.array(fc.oneof(text, bytes, fc.anything()), { maxLength: 4 }),
  fc.anything(),
)
const entries = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...FIELDS), text), value), {
  maxLength: 12,
})

const HEX = Array.from({ length: 16 }, (_, digit) => digit.toString(16))
const fieldsOf = (): Record<string, string> => ({})

/** Whatever came in: what was made of it is valid, within limits, and can be sent on and read again. */
function survives(carrier: unknown): void {
  const context = extractContext(tracing, carrier as Carrier)
  const spanContext = trace.getSpanContext(context)
  if (spanContext) expect(isSpanContextValid(spanContext)).toBe(true)
  const sent = injectContext(tracing, context, fieldsOf())
  for (const field of Object.values(sent)) {
    expect(field.length).toBeLessThanOrEqual(8192)
    // What a header must not contain: it would end it, or be refused by Node.
    // oxlint-disable-next-line no-control-regex
    expect(field).not.toMatch(/[^\t\x20-\x7e]/)
  }
  const again = trace.getSpanContext(extractContext(tracing, sent))
  expect(again?.traceId).toBe(spanContext?.traceId)
  expect(again?.spanId).toBe(spanContext?.spanId)
}

describe('a carrier of anything', () => {
  test('an object', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const carrier = Object.create(null) as Record<string, unknown>
        for (const [key, of] of list) carrier[key] = of
        survives(carrier)
      }),
    )
  })

  test('a Map, pairs, a raw list, JSON', () => {
    fc.assert(
      fc.property(entries, text, (list, noise) => {
        survives(new Map(list))
        survives(list)
        survives(list.flat())
        survives(noise)
        survives(
          JSON.stringify(Object.fromEntries(list.filter(([, of]) => typeof of === 'string'))),
        )
      }),
    )
  })

  test('something that is no carrier at all', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withMap: true }), survives))
  })

  test('the environment', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('TRACEPARENT', 'TRACESTATE', 'BAGGAGE', 'B3'), text),
        (env) => {
          expect(() => extractEnvironment(tracing, env)).not.toThrow()
        },
      ),
    )
  })
})

describe('what was written is read as it was', () => {
  test('every valid traceparent', () => {
    const hex = (length: number) =>
      fc.string({
        unit: fc.constantFrom(...HEX),
        minLength: length,
        maxLength: length,
      })
    fc.assert(
      fc.property(hex(32), hex(16), hex(2), (traceId, spanId, flags) => {
        const read = parseTraceparent(`00-${traceId}-${spanId}-${flags}`)
        const valid = /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId)
        const all = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
        expect(read).toEqual(valid ? all : undefined)
      }),
    )
  })

  test('every baggage, but for surrogates that stand alone', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const of = fc.string({ unit: 'grapheme', maxLength: 20 })
    fc.assert(
      fc.property(fc.array(fc.tuple(key, of), { maxLength: 20 }), (list) => {
        const record = Object.create(null) as Record<string, { value: string }>
        for (const [name, value] of list) record[name] = { value }
        const baggage = propagation.createBaggage(record)
        const read = parseBaggage(formatBaggage(baggage))
        expect(read?.getAllEntries() ?? []).toEqual(baggage.getAllEntries())
      }),
    )
  })

  test('every state that it accepts', () => {
    fc.assert(
      fc.property(text, text, text, (raw, key, of) => {
        const state = new TraceState(raw)
        const once = state.serialize()
        expect(new TraceState(once).serialize()).toBe(once)
        const changed = state.set(key, of)
        expect(new TraceState(changed.serialize()).serialize()).toBe(changed.serialize())
        if (changed !== state) expect(changed.get(key)).toBe(of)
      }),
    )
  })
})

const MEGABYTE = 1024 * 1024

describe('a field of ten megabytes', () => {
  const huge = 10 * MEGABYTE
  test.each([
    ['one letter', 'a'.repeat(huge)],
    ['separators', ',;=-:%'.repeat(huge / 8)],
    ['members', 'a=1,'.repeat(huge / 4)],
    ['white space', ' '.repeat(huge)],
  ])('of %s is not read, as text or as bytes', (_, field) => {
    const bytes = Buffer.from(field)
    for (const of of [field, bytes, [field, field]]) {
      const carrier = Object.fromEntries(FIELDS.map((name) => [name, of]))
      expect(charactersLookedAt(() => survives(carrier))).toBeLessThan(100)
    }
  })

  test.each([
    ['one letter', 'a'.repeat(MEGABYTE)],
    ['separators', ',;=-:%'.repeat(MEGABYTE / 8)],
    ['members', 'a=1,'.repeat(MEGABYTE / 4)],
    ['percent signs', `a=${'%'.repeat(MEGABYTE)}`],
    ['white space', ' '.repeat(MEGABYTE)],
  ])('of %s costs each parser a few passes at most', (_, field) => {
    const parse = [
      () => parseTraceparent(field),
      () => parseBaggage(field),
      () => new TraceState(field).serialize(),
    ]
    for (const by of parse) expect(charactersLookedAt(by)).toBeLessThanOrEqual(4 * field.length)
  })
})

describe('the work grows with the length and no faster', () => {
  const repeated = (piece: string) => (length: number) =>
    piece.repeat(length / piece.length + 1).slice(0, length)
  test.each([
    ['tracestate of one member', (length: number) => `a=${'v'.repeat(length)}`],
    ['tracestate of members', repeated('k=v,')],
    ['tracestate of white space', repeated(' \t')],
    ['tracestate of commas', repeated(',')],
    ['tracestate of values that end in spaces', repeated('k= v  ,')],
  ])('%s', (_, make) => {
    for (const length of [64, 512, 4096, 8192]) {
      const field = make(length)
      expect(charactersLookedAt(() => new TraceState(field).serialize())).toBeLessThanOrEqual(
        4 * field.length + 16,
      )
    }
  })
})

test('of a thousand members of baggage 64 are kept, and no more are written', () => {
  const header = Array.from({ length: 1000 }, (_, at) => `k${at}=v`).join(',')
  const context = extractContext(tracing, { baggage: header })
  expect(propagation.getBaggage(context)?.getAllEntries()).toHaveLength(64)
  const sent = injectContext(tracing, context, fieldsOf())
  expect(sent['baggage']?.split(',')).toHaveLength(64)
})

test('a carrier of a hundred thousand fields is asked for a few of them', () => {
  const fields = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, at) => [`uberctx-k${at}`, null]),
  )
  let asked = 0
  propagator.extract(ROOT_CONTEXT, fields, {
    keys: (carrier) => headerGetter.keys(carrier),
    get(carrier, key) {
      asked++
      return headerGetter.get(carrier, key)
    },
  })
  expect(asked).toBeLessThan(200)
})

test('no prototype is ever reached', () => {
  const carrier = JSON.parse(
    '{"__proto__":{"traceparent":"x"},"uberctx-__proto__":"1","baggage":"__proto__=1,constructor=2"}',
  ) as Carrier
  survives(carrier)
  expect(({} as Record<string, unknown>)['traceparent']).toBeUndefined()
  expect(Object.prototype).not.toHaveProperty('value')
})

/** How often a character was read. Counted, because clocks differ. */
function charactersLookedAt(work: () => unknown): number {
  const { prototype } = String
  const original = Object.getOwnPropertyDescriptor(prototype, 'charCodeAt')!
  const read = original.value as (this: string, at: number) => number
  let count = 0
  const counted = function (this: string, at: number): number {
    count++
    return read.call(this, at)
  }
  Object.defineProperty(prototype, 'charCodeAt', { ...original, value: counted })
  try {
    work()
  } finally {
    Object.defineProperty(prototype, 'charCodeAt', original)
  }
  return count
}
