import { expect, test } from 'vitest'
import { durationText } from '../src/duration-text.ts'

test.each([
  [0, '0 ms'],
  [0.0001, '1 µs'],
  [0.25, '250 µs'],
  [0.9996, '1 ms'],
  [1.24, '1.2 ms'],
  [9.96, '10 ms'],
  [142.3, '142 ms'],
  [999.6, '1.00 s'],
  [59_990, '59.99 s'],
  [59_999, '1 m 00 s'],
  [125_000, '2 m 05 s'],
  [3_599_700, '1 h 00 m'],
  [11_520_000, '3 h 12 m'],
  [864_000_000, '10 d'],
])('%d ms is written as %s', (ms, expected) => {
  expect(durationText(ms)).toBe(expected)
  expect(expected.length).toBeLessThanOrEqual(8)
})
