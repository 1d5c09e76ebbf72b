import { expect, test } from 'vitest'
import { durationBar, shadedBar } from '../src/duration-bar.ts'

const axis = { startMs: 1000, durationMs: 80 }

test.each([
  ['the whole time', 0, 80, '██████████'],
  ['an eighth', 0, 1, '▏'],
  ['no time at all', 40, 0, '     ▏'],
  ['no time at the very end', 80, 0, '         ▕'],
  ['half a column to the right', 4, 12, '▐█'],
  ['from the last eighth of a column', 7, 9, '▕█'],
  ['before the start of the axis', -500, 508, '█'],
  ['beyond the end of the axis', 72, 500, '         █'],
])('a span of %s is drawn in its place', (_name, offset, durationMs, expected) => {
  expect(durationBar({ startMs: 1000 + offset, durationMs }, axis, 10)).toBe(expected)
})

test('a trace of no length is drawn as one eighth', () => {
  const span = { startMs: 1000, durationMs: 0 }
  expect(durationBar(span, span, 10)).toBe('▏')
})

test('the time of many spans is shaded', () => {
  expect(shadedBar({ startMs: 1010, durationMs: 20 }, axis, 10)).toBe(' ░░░')
})
