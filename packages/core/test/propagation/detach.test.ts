import { EventEmitter } from 'node:events'
import { context, trace } from '@opentelemetry/api'
import { bindContext, runDetached, withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const activeSpan = () => trace.getSpan(context.active())

test('what is detached runs with no active span, and so does what it starts', async () => {
  await withSpan('request', async (span) => {
    const later = runDetached(async () => {
      expect(activeSpan()).toBeUndefined()
      await Promise.resolve()
      return withSpan('poll', () => activeSpan())
    })
    await later
    expect(activeSpan()).toBe(span)
  })
  expect(tracing.span('poll').parentSpanId).toBeUndefined()
  expect(tracing.span('poll').traceId).not.toBe(tracing.span('request').traceId)
})

test('the result and the error of what is detached pass through', () => {
  const error = new Error('no')
  expect(runDetached(() => 42)).toBe(42)
  expect(() =>
    runDetached(() => {
      throw error
    }),
  ).toThrow(error)
})

test('a bound function runs where it was bound, with its own this and arguments', () => {
  function describe(this: object, ...args: number[]) {
    return [this, args, activeSpan()]
  }
  withSpan('request', (span) => {
    const bound = bindContext(describe)
    const owner = {}
    expect(runDetached(() => bound.call(owner, 1, 2))).toEqual([owner, [1, 2], span])
  })
})

test('listeners of a bound emitter run where it was bound', () => {
  withSpan('request', (span) => {
    const emitter = bindContext(new EventEmitter())
    const heard: unknown[] = []
    emitter.on('message', () => heard.push(activeSpan()))
    runDetached(() => emitter.emit('message'))
    expect(heard).toEqual([span])
  })
})
