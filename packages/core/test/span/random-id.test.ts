import { isSpanContextValid } from '@opentelemetry/api'
import { afterEach, expect, test, vi } from 'vitest'
import { randomSpanId, randomTraceId } from '../../src/span/random-id.ts'

afterEach(() => vi.restoreAllMocks())

test('ids are valid, and no two are the same', () => {
  const ids = Array.from({ length: 1000 }, () => ({
    traceId: randomTraceId(),
    spanId: randomSpanId(),
    traceFlags: 1,
  }))
  expect(ids.every(isSpanContextValid)).toBe(true)
  expect(new Set(ids.flatMap(({ traceId, spanId }) => [traceId, spanId])).size).toBe(2000)
})

test('every digit of an id varies, and takes every value', () => {
  const ids = Array.from({ length: 1000 }, () => randomTraceId())
  for (let at = 0; at < 32; at++) {
    expect(new Set(ids.map((id) => id[at]))).toEqual(new Set('0123456789abcdef'))
  }
})

test('an id is never all zero, which would be no id', () => {
  vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(0.5)
  expect(randomSpanId()).toBe('8000000080000000')
})
