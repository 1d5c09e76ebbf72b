import { describeError } from '@throughline/core/integration'
import { describe, expect, test } from 'vitest'

class OrderError extends Error {}

const withCode = (code: unknown) => Object.assign(new Error('no'), { code })

describe('the type of', () => {
  test.each([
    ['an Error', new Error('no'), 'Error', 'no'],
    ['a built-in error', new RangeError('no'), 'RangeError', 'no'],
    ['a subclass that sets no name', new OrderError('no'), 'OrderError', 'no'],
    ['an error with a name', Object.assign(new Error('no'), { name: 'Denied' }), 'Denied', 'no'],
    ['an error with a code', withCode('ECONNREFUSED'), 'ECONNREFUSED', 'no'],
    ["a database's code", withCode('23505'), '23505', 'no'],
    ['a code that is no word', withCode('user bob@example.com'), 'Error', 'no'],
    ['a code that is a number', withCode(7), 'Error', 'no'],
    ['an AggregateError', new AggregateError([new Error('a')], 'all'), 'AggregateError', 'all'],
    ['an AbortError', new DOMException('stop', 'AbortError'), 'AbortError', 'stop'],
    ['a frozen error', Object.freeze(new TypeError('no')), 'TypeError', 'no'],
    ['an object with a message', { message: 'no' }, 'Object', 'no'],
    ['an object of no class', Object.create(null), '_OTHER', ''],
    ['a message that is no text', Object.assign(new Error('no'), { message: 7 }), 'Error', ''],
    ['a list', ['no'], 'Array', ''],
    ['text', 'no such order', 'string', 'no such order'],
    ['null', null, 'null', 'null'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a number, of which there are many', 123_456, 'number', '123456'],
    ['a bigint', 7n, 'bigint', '7'],
    ['a boolean', false, 'boolean', 'false'],
    ['a symbol', Symbol('no'), 'symbol', 'Symbol(no)'],
    ['a function, whose source is nobody’s business', function secret() {}, 'function', 'secret'],
  ])('%s', (_, thrown, type, message) => {
    expect(describeError(thrown)).toEqual({ type, message })
  })
})

const fail = (): never => {
  throw new Error('a broken getter')
}

test.each([
  ['message', 'Error', ''],
  ['code', 'Error', 'no'],
  ['name', 'TypeError', 'no'],
])('an error whose %s cannot be read is described by the rest', (name, type, message) => {
  const Kind = type === 'TypeError' ? TypeError : Error
  const error = Object.defineProperty(new Kind('no'), name, { get: fail })
  expect(describeError(error)).toEqual({ type, message })
})

test('a huge message is cut, and not inside a character', () => {
  const { message } = describeError(new Error(`${'x'.repeat(4094)}😀${'y'.repeat(10_000_000)}`))
  expect(message).toBe(`${'x'.repeat(4094)}…`)
  expect(describeError('x'.repeat(5000)).message).toHaveLength(4096)
  expect(describeError('x'.repeat(4096)).message).toBe('x'.repeat(4096))
})

test('several failures with no message of their own are told by the first', () => {
  const errors = [
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1'),
  ]
  expect(describeError(new AggregateError(errors))).toEqual({
    type: 'AggregateError',
    message: 'connect ECONNREFUSED ::1:1 (and 1 more)',
  })
  expect(describeError(new AggregateError([])).message).toBe('')
})

test.each<[string, unknown]>([
  ['a proxy that refuses everything', new Proxy({}, { get: fail })],
  ['a revoked proxy', revokedProxy()],
])('%s is described all the same', (_, thrown) => {
  expect(describeError(thrown)).toEqual({ type: '_OTHER', message: '' })
})

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
