import { describe, expect, test } from 'vitest'
import { TraceStore } from '../src/index.ts'
import { link, span, TRACE_A, TRACE_B } from './stored-spans.ts'

describe('TraceStore', () => {
  test('gives the spans of a trace by start time and the traces in order of arrival', () => {
    const store = new TraceStore()
    store.add([span(1, { traceId: TRACE_B }), span(2, { startMs: 20 }), span(3, { startMs: 10 })])
    expect(store.trace(TRACE_A).map((s) => s.name)).toEqual(['span 3', 'span 2'])
    expect(store.traces().map((t) => t.traceId)).toEqual([TRACE_B, TRACE_A])
    expect(Array.from(store.spans(), (s) => s.name)).toEqual(['span 1', 'span 2', 'span 3'])
    expect(store.size).toBe(3)
    expect(store.trace('unknown')).toEqual([])
  })

  test('replaces a span that an exporter sends again', () => {
    const store = new TraceStore()
    store.add([span(1)])
    store.add([span(1, { name: 'again' })])
    expect(store.trace(TRACE_A).map((s) => s.name)).toEqual(['again'])
    expect(store.size).toBe(1)
  })

  test('drops the trace that arrived first when there are too many', () => {
    const store = new TraceStore({ maxTraces: 2 })
    store.add([span(1, { traceId: 'first' }), span(2, { traceId: 'first' })])
    store.add([span(3, { traceId: 'second' })])
    store.add([span(4, { traceId: 'third' })])
    expect(store.traces().map((t) => t.traceId)).toEqual(['second', 'third'])
    expect([store.size, store.dropped]).toEqual([2, 2])
  })

  test('drops old traces whole when there are too many spans', () => {
    const store = new TraceStore({ maxSpans: 3 })
    store.add([span(1), span(2), span(3, { traceId: TRACE_B }), span(4, { traceId: TRACE_B })])
    expect(store.traces().map((t) => [t.traceId, t.spans.length])).toEqual([[TRACE_B, 2]])
    expect([store.size, store.dropped]).toEqual([2, 2])
  })

  test('keeps the first spans of one trace that is larger than the bound', () => {
    const store = new TraceStore({ maxSpans: 2 })
    store.add([span(1), span(2), span(3), span(4)])
    expect(store.trace(TRACE_A).map((s) => s.name)).toEqual(['span 1', 'span 2'])
    expect([store.size, store.dropped]).toEqual([2, 2])
  })

  test('refuses a bound that is not a positive integer', () => {
    expect(() => new TraceStore({ maxSpans: 0 })).toThrow(
      'TraceStore: option "maxSpans" must be a positive integer, got 0',
    )
  })

  test('finds the traces on both ends of a link until they are dropped', () => {
    const store = new TraceStore({ maxTraces: 2 })
    store.add([span(1, { traceId: TRACE_B, links: [link(TRACE_A, 2), link(TRACE_B, 9)] })])
    store.add([span(2)])
    expect(store.linkedFrom(TRACE_A).map((t) => t.traceId)).toEqual([TRACE_B])
    expect(store.linkedTo(TRACE_B).map((t) => t.traceId)).toEqual([TRACE_A])
    expect(store.linkedFrom(TRACE_B)).toEqual([])
    store.add([span(3, { traceId: 'third' })])
    expect(store.linkedFrom(TRACE_A)).toEqual([])
  })

  test('tells a listener which traces changed until it stops', () => {
    const store = new TraceStore()
    const heard: string[][] = []
    const stop = store.onAdd((traceIds) => heard.push([...traceIds]))
    store.add([span(1), span(2), span(3, { traceId: TRACE_B })])
    store.add([])
    stop()
    store.add([span(4)])
    expect(heard).toEqual([[TRACE_A, TRACE_B]])
  })
})

describe('waitFor', () => {
  test('resolves with what the predicate returns, now or after a later add', async () => {
    const store = new TraceStore()
    const second = store.waitFor((s) => s.trace(TRACE_A)[1]?.name)
    store.add([span(1)])
    await expect(store.waitFor((s) => s.size === 1, { timeoutMs: 0 })).resolves.toBe(true)
    store.add([span(2)])
    await expect(second).resolves.toBe('span 2')
  })

  test('rejects when the time is over and says what is held', async () => {
    const store = new TraceStore()
    store.add([span(1)])
    await expect(store.waitFor(() => false, { timeoutMs: 1 })).rejects.toThrow(
      'waitFor: the condition did not hold within 1 ms; 1 traces with 1 spans are held',
    )
  })

  test('rejects with the error of the predicate and does not disturb the one who adds', async () => {
    const store = new TraceStore()
    const failing = store.waitFor((s) => {
      if (s.size > 0) throw new Error('bad predicate')
      return false
    })
    store.add([span(1)])
    await expect(failing).rejects.toThrow('bad predicate')
  })
})
