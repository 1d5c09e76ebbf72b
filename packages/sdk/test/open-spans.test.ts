import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import { OpenSpans } from '../src/open-spans.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void

const span = (name: string, body?: unknown): ReadableSpan =>
  ({ name, body }) as unknown as ReadableSpan

it('names the spans that have not ended', () => {
  const open = new OpenSpans(10)
  const spans = ['a', 'b', 'c'].map((name) => span(name))
  for (const one of spans) open.add(one)
  open.delete(spans[1]!)
  open.delete(spans[1]!)
  open.add(span('d'))
  expect(open.names.toSorted()).toEqual(['a', 'c', 'd'])
})

it('holds no more than it may, and those that it had no room for end as all others', () => {
  const open = new OpenSpans(2)
  const spans = ['a', 'b', 'c'].map((name) => span(name))
  for (const one of spans) open.add(one)
  expect(open.names).toEqual(['a', 'b'])
  open.delete(spans[2]!)
  expect(open.names).toEqual(['a', 'b'])
  open.delete(spans[0]!)
  open.add(span('d'))
  expect(open.names.toSorted()).toEqual(['b', 'd'])
})

it('leaves nothing of what has ended to a full collection', () => {
  const open = new OpenSpans(1000)
  const recent: ReadableSpan[] = []
  const pass = (times: number): void => {
    for (let at = 0; at < times; at++) {
      const one = span(
        'request',
        Array.from({ length: 128 }, () => at),
      )
      open.add(one)
      if (recent.push(one) > 50) open.delete(recent.shift()!)
    }
  }
  pass(100)
  collect() // what is held now is old from here on
  const before = process.memoryUsage().heapUsed
  pass(20_000)
  for (let at = 0; at < 3; at++) collect({ type: 'minor' })
  // A kilobyte each: of a Set, 20 MB are left.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4e6)
})
