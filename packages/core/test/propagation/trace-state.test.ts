import { describe, expect, test } from 'vitest'
import { TraceState } from '../../src/propagation/trace-state.ts'

const members = (count: number) => Array.from({ length: count }, (_, at) => `k${at}=${at}`)
const read = (text: string) => new TraceState(text).serialize()

describe('a list that is sent on as it came', () => {
  test.each([
    '',
    'a=1',
    'foo=1,bar=2',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    '0=x',
    'a_-*/@9=1',
    'foo@=1,bar=2',
    'foo@@bar=1',
    'foo@bar@baz=1',
    'tenant@system=1',
    `${'z'.repeat(256)}=1`,
    `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
    `t@${'v'.repeat(15)}=1`,
    `a=${'v'.repeat(256)}`,
    'a= leading',
    'a=in side',
    `a=${String.fromCharCode(...Array.from({ length: 94 }, (_, at) => 0x21 + at)).replace(/[,=]/g, '')}`,
    members(32).join(','),
  ])('%j', (text) => {
    expect(read(text)).toBe(text)
  })
})

describe('a list that is tidied', () => {
  test.each([
    [' a=1', 'a=1'],
    ['\ta=1\t ', 'a=1'],
    ['a=1 \t , \t b=2, \t c=3', 'a=1,b=2,c=3'],
    ['a=1\t \t,\t \tb=2', 'a=1,b=2'],
    [',', ''],
    [' , ,\t', ''],
    ['a=1,', 'a=1'],
    [',a=1', 'a=1'],
    ['a=1,,b=2', 'a=1,b=2'],
    ['a=1,a=1', 'a=1'],
    ['a=1,b=2,a=3', 'a=1,b=2'],
    [`${members(32).join(' , ')},,,`, members(32).join(',')],
  ])('%j', (text, sent) => {
    expect(read(text)).toBe(sent)
  })
})

describe('a list that breaks a rule is none', () => {
  test.each([
    'a',
    'a=',
    '=1',
    '=',
    'a=1,b',
    'a=1,b=',
    'a=,b=3',
    'a==1',
    'a=1=2',
    'foo =1',
    'FOO=1',
    'fOo=1',
    'foo.bar=1',
    '@foo=1,bar=2',
    '_a=1',
    '-a=1',
    'a=ä',
    'ä=1',
    'a=\u0000',
    'a=\u007f',
    'a=1\t2',
    'a=1\r\nb=2',
    'a= ',
    'a=\ud800',
    `${'z'.repeat(257)}=1`,
    `foo=1,${'z'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
    members(33).join(','),
    'a=1,'.repeat(33),
    '__proto__=1',
  ])('%j', (text) => {
    expect(read(text)).toBe('')
    expect(new TraceState(text).get('a')).toBeUndefined()
  })
})

test('a member is found by its key, and by no other', () => {
  const state = new TraceState('a=1, b=x y ,constructor=2')
  expect(state.get('a')).toBe('1')
  expect(state.get('b')).toBe('x y')
  expect(state.get('constructor')).toBe('2')
  expect(state.get('toString')).toBeUndefined()
  expect(state.get('')).toBeUndefined()
})

describe('a member that is set', () => {
  test('goes to the front, new or not', () => {
    const state = new TraceState('a=1,b=2')
    expect(state.set('c', '3').serialize()).toBe('c=3,a=1,b=2')
    expect(state.set('b', '3').serialize()).toBe('b=3,a=1')
    expect(state.serialize()).toBe('a=1,b=2')
    expect(state.set('c', '3').get('c')).toBe('3')
  })

  test('pushes out the right-most of 32', () => {
    const full = new TraceState(members(32).join(','))
    const state = full.set('new', '1').serialize()
    expect(state).toBe(['new=1', ...members(31)].join(','))
    expect(full.set('k31', 'x').serialize()).toBe(['k31=x', ...members(31)].join(','))
  })

  test.each([
    ['', '1'],
    ['A', '1'],
    ['a b', '1'],
    ['a', ''],
    ['a', 'x '],
    ['a', 'x,y'],
    ['a', 'x=y'],
    ['a', 'ä'],
    ['a', 'v'.repeat(257)],
    ['z'.repeat(257), '1'],
  ])('as %j=%j changes nothing', (key, value) => {
    const state = new TraceState('k=1')
    expect(state.set(key, value)).toBe(state)
  })
})

test('a member that is unset is gone; one that is not there changes nothing', () => {
  const state = new TraceState('a=1,b=2')
  expect(state.unset('a').serialize()).toBe('b=2')
  expect(state.unset('a').unset('b').serialize()).toBe('')
  expect(state.unset('c')).toBe(state)
})

test('the flags that a trace came with stay with its state', () => {
  const state = new TraceState('a=1', 3)
  expect(state.set('b', '2').remoteFlags).toBe(3)
  expect(state.unset('a').remoteFlags).toBe(3)
  expect(new TraceState('a=1').remoteFlags).toBe(-1)
})
