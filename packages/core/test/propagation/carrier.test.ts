import { headerGetter, objectSetter } from '@throughline/core/propagation'
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
