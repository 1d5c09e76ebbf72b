import { execFileSync } from 'node:child_process'
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api'
import {
  extractContext,
  extractEnvironment,
  injectEnvironment,
  propagators,
} from '@throughline/core/propagation'
import { expect, test, vi } from 'vitest'

const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
const stale = `00-${'9'.repeat(32)}-${'9'.repeat(16)}-01`
const tracing = {
  propagator: propagators({
    extract: ['tracecontext', 'baggage'],
    inject: ['tracecontext', 'baggage'],
  }),
}
const context = extractContext(tracing, { traceparent, tracestate: 'a=1', baggage: 'b=2' })

test('a context travels in variables, and the environment that it is added to is left alone', () => {
  const environment = { PATH: '/bin' }
  const child = injectEnvironment(tracing, context, environment)
  expect(child).toEqual({
    PATH: '/bin',
    TRACEPARENT: traceparent,
    TRACESTATE: 'a=1',
    BAGGAGE: 'b=2',
  })
  expect(environment).toEqual({ PATH: '/bin' })
  const read = extractEnvironment(tracing, child)
  expect(trace.getSpanContext(read)).toMatchObject({ spanId: '2'.repeat(16), isRemote: true })
  expect(trace.getSpanContext(read)?.traceState?.serialize()).toBe('a=1')
  expect(propagation.getBaggage(read)?.getEntry('b')?.value).toBe('2')
})

test('what is left over of another context is taken out, even if there is none to put in', () => {
  const old = { TRACEPARENT: stale, TRACESTATE: 'x=1', BAGGAGE: 'x=1', UBERCTX_X: '1', KEPT: 'yes' }
  expect(injectEnvironment(tracing, ROOT_CONTEXT, old)).toEqual({ KEPT: 'yes' })
  const stateless = extractContext(tracing, { traceparent })
  expect(injectEnvironment(tracing, stateless, old)).toEqual({
    KEPT: 'yes',
    TRACEPARENT: traceparent,
  })
})

test('every format is written by the names of its variables', () => {
  const formats = ['b3multi', 'jaeger', 'xray'] as const
  const all = { propagator: propagators({ extract: formats, inject: formats }) }
  const child = injectEnvironment(all, context, { X_B3_FLAGS: '1', X_AMZN_TRACE_ID: 'stale' })
  expect(Object.keys(child).toSorted()).toEqual([
    'UBERCTX_B',
    'UBER_TRACE_ID',
    'X_AMZN_TRACE_ID',
    'X_B3_SAMPLED',
    'X_B3_SPANID',
    'X_B3_TRACEID',
  ])
  const read = extractEnvironment(all, child)
  expect(trace.getSpanContext(read)?.spanId).toBe('2'.repeat(16))
  expect(propagation.getBaggage(read)?.getEntry('b')?.value).toBe('2')
})

test('nothing comes from an environment without a context, nor from fields that are too long', () => {
  expect(extractEnvironment(tracing, {})).toBe(ROOT_CONTEXT)
  expect(extractEnvironment(tracing, { TRACEPARENT: 'garbage' })).toBe(ROOT_CONTEXT)
  expect(extractEnvironment(tracing, { BAGGAGE: `a=${'x'.repeat(9000)}` })).toBe(ROOT_CONTEXT)
})

test("the process's own environment is the default", () => {
  vi.stubEnv('TRACEPARENT', traceparent)
  expect(trace.getSpanContext(extractEnvironment(tracing))?.spanId).toBe('2'.repeat(16))
  expect(injectEnvironment(tracing, ROOT_CONTEXT)).not.toHaveProperty('TRACEPARENT')
  vi.unstubAllEnvs()
})

test('a real child process gets it', () => {
  const env = injectEnvironment(tracing, context)
  const script = 'process.stdout.write(process.env.TRACEPARENT)'
  expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' })).toBe(
    traceparent,
  )
})
