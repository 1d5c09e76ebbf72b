import { createRequire } from 'node:module'
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
} from '@opentelemetry/api'
import { afterEach, describe, expect, test } from 'vitest'
import { loadSdk } from '../src/sdk.ts'
import { createTestTracingOn, type TestTracing } from '../src/test-tracing.ts'

const load = createRequire(import.meta.url)

/** A `require` of a project in which some packages are not installed. */
function without(...missing: string[]): NodeJS.Require {
  const resolve = (name: string) => {
    if (missing.includes(name)) throw new Error(`Cannot find module '${name}'`)
    return load.resolve(name)
  }
  return Object.assign((name: string) => load(name) as unknown, load, { resolve }) as NodeJS.Require
}

const NEW = '@opentelemetry/sdk-trace'
const BASE = '@opentelemetry/sdk-trace-base'
const ASYNC_HOOKS = '@opentelemetry/context-async-hooks'

let tracing: TestTracing
afterEach(() => tracing.shutdown())

describe.each([
  ['3.x', without(BASE)],
  ['2.x', without(NEW)],
] as const)('on SDK %s', (line, require) => {
  const on = (
    ...options: Parameters<typeof createTestTracingOn> extends [unknown, ...infer R] ? R : never
  ) => (tracing = createTestTracingOn(loadSdk(require), ...options))

  test('spans have their names, kinds, parents, links, events and scopes', () => {
    on()
    const tracer = trace.getTracer('shop', '1.2.3')
    tracer.startActiveSpan('GET /', { kind: SpanKind.SERVER }, (request) => {
      const links = [{ context: request.spanContext(), attributes: { of: 'caller' } }]
      const send = tracer.startSpan('send', { links })
      send.addEvent('sent').end()
      request
        .setAttribute('http.route', '/')
        .setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
        .end()
    })
    const [send, request] = [tracing.span('send'), tracing.span('GET /')]
    expect(request).toMatchObject({
      kind: 'SERVER',
      status: 'ERROR',
      statusMessage: 'no',
      parentSpanId: undefined,
      attributes: { 'http.route': '/' },
      scope: { name: 'shop', version: '1.2.3' },
    })
    expect(send).toMatchObject({ traceId: request.traceId, parentSpanId: request.spanId })
    expect(send.links).toEqual([
      { traceId: request.traceId, spanId: request.spanId, attributes: { of: 'caller' } },
    ])
    expect(send.events).toEqual([{ name: 'sent', attributes: {} }])
    expect(tracing.orphans()).toEqual([])
  })

  test('W3C trace context and baggage are read and written', () => {
    on()
    const carrier = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'k=v' }
    const sent = propagation.extract(ROOT_CONTEXT, carrier)
    const copy: Record<string, string> = {}
    propagation.inject(sent, copy)
    expect(copy).toEqual(carrier)
  })

  test('the context goes on after an await', async () => {
    on()
    await trace.getTracer('t').startActiveSpan('outer', async (outer) => {
      await new Promise((resolve) => setImmediate(resolve))
      trace.getTracer('t').startSpan('inner').end()
      outer.end()
    })
    expect(tracing.tree()).toBe('outer [INTERNAL]\n  inner [INTERNAL]')
  })

  test('a sampler is asked, and a dropped span is not kept', () => {
    const shouldSample = () => ({ decision: 0 })
    on({ sampler: { shouldSample, toString: () => 'none' } })
    trace.getTracer('t').startSpan('dropped').end()
    expect(tracing.spans()).toEqual([])
  })

  test('a span that ends twice, and one that never ends, is told', () => {
    on()
    const twice = trace.getTracer('t').startSpan('twice')
    twice.end()
    twice.end()
    trace.getTracer('t').startSpan('never')
    expect(tracing.endedTwice()).toEqual(['twice'])
    expect(tracing.unended()).toEqual(['never'])
  })

  test('is the line that it says', () => {
    on()
    const name = line === '3.x' ? 'TracerProvider' : 'BasicTracerProvider'
    expect(tracing.tracerProvider.constructor.name).toBe(name)
  })
})

describe('without an SDK', () => {
  test.each([[[NEW, BASE]], [[ASYNC_HOOKS]]])('%s missing: says how to install it', (missing) => {
    expect(() => loadSdk(without(...missing))).toThrow(
      `createTestTracing: cannot find "${missing[0]}", which it needs beside @opentelemetry/api 1.10; ` +
        `npm install --save-dev ${NEW}@3 ${ASYNC_HOOKS}@3`,
    )
  })
})

test('the context manager is that of the SDK', () => {
  tracing = createTestTracingOn(loadSdk())
  const inside = ROOT_CONTEXT.setValue(Symbol.for('k'), 1)
  context.with(inside, () => expect(context.active()).toBe(inside))
})
