import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api'
import { HttpServerTracer } from '@throughline/core/http'
import {
  InvalidOptionError,
  TracingError,
  checkChoice,
  checkOption,
  isIdle,
  resolveTracing,
  type MeteredTracingOptions,
} from '@throughline/core/integration'
import { injectContext } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { describe, expect, test } from 'vitest'

const scope = { name: 'test', version: '1.0.0' }
const resolve = (options: object) => resolveTracing(scope, 'fastifyTracing', options)

describe('an option that cannot work says what was expected and what was given:', () => {
  test.each([
    [{ enabled: 'yes' }, 'option "enabled" must be a boolean, got "yes"'],
    [{ enabled: null }, 'option "enabled" must be a boolean, got null'],
    [{ tracerProvider: {} }, 'option "tracerProvider" must be a TracerProvider, got object'],
    [{ tracerProvider: null }, 'option "tracerProvider" must be a TracerProvider, got null'],
    [{ propagator: [] }, 'option "propagator" must be a TextMapPropagator, got an array'],
    [{ ignore: 7 }, 'option "ignore" must be a function, a glob or a list of globs, got 7'],
    [{ spanName: 7 }, 'option "spanName" must be a function, got 7'],
    [{ attributes: {} }, 'option "attributes" must be a function, got object'],
    [{ trust: 'nobody' }, `option "trust" must be 'inherit' or 'edge', got "nobody"`],
    [
      { captureHeaders: { request: 'accept' } },
      'option "captureHeaders.request" must be a list of header names, got "accept"',
    ],
    [
      { captureHeaders: { response: [7] } },
      'option "captureHeaders.response" must be a list of header names, got an array',
    ],
  ])('%j', (options, message) => {
    const create = () => new HttpServerTracer(scope, 'fastifyTracing', options as never)
    expect(create).toThrow(`fastifyTracing: ${message}`)
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }))
  })
})

test('an option may be missing, or of one of the kinds', () => {
  expect(() => checkOption('x', 'y', undefined, 'string')).not.toThrow()
  expect(() => checkOption('x', 'y', 7, 'string', 'number')).not.toThrow()
  expect(() => checkOption('x', 'y', true, 'string', 'number')).toThrow(
    'x: option "y" must be a string or a number, got true',
  )
  expect(() => checkChoice('x', 'y', undefined, ['a'])).not.toThrow()
  expect(() => checkChoice('x', 'y', 'a', ['a'])).not.toThrow()
})

test('errors are told apart, and known across copies of the package', () => {
  const error = new InvalidOptionError('x', 'y', 'a string', 7)
  expect(error).toBeInstanceOf(Error)
  expect(error).toBeInstanceOf(TracingError)
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(error.name).toBe('InvalidOptionError')
  const other = new TracingError('ERR_X', 'no', { cause: error })
  expect(other).not.toBeInstanceOf(InvalidOptionError)
  expect(other.cause).toBe(error)
  for (const value of [new Error('no'), null, undefined, 7]) {
    expect(value).not.toBeInstanceOf(TracingError)
  }
  const copy = Object.defineProperty(new Error('no'), Symbol.for('@throughline/error'), {
    value: 'InvalidOptionError',
  })
  expect(copy).toBeInstanceOf(TracingError)
  expect(copy).toBeInstanceOf(InvalidOptionError)
})

test('an SDK that is registered later still works', async () => {
  const tracing = resolve({})
  tracing.tracer.startSpan('before').end()
  const sdk = createTestTracing()
  const span = tracing.tracer.startSpan('after')
  span.end()
  expect(sdk.spans().map((each) => each.name)).toEqual(['after'])
  expect(sdk.span('after').scope).toEqual(scope)
  const carrier = injectContext(tracing, trace.setSpan(ROOT_CONTEXT, span), {})
  expect(carrier).toHaveProperty('traceparent')
  await sdk.shutdown()
})

test('a provider and a propagator of your own are used instead of the globals', async () => {
  const globals = createTestTracing()
  const own = createTestTracing({ global: false })
  const tracing = resolve({ tracerProvider: own.tracerProvider, propagator: own.propagator })
  tracing.tracer.startSpan('work').end()
  expect(own.spans()).toHaveLength(1)
  expect(globals.spans()).toEqual([])
  expect(tracing.propagator).toBe(own.propagator)
  expect(resolve({}).propagator).toBe(propagation)
  await own.shutdown()
  await globals.shutdown()
})

describe('tracing is idle', () => {
  const noop = { inject: () => {}, extract: () => ROOT_CONTEXT, fields: () => [] }
  const propagator = { ...noop, fields: () => ['traceparent'] }
  const resolve = (options: MeteredTracingOptions) => resolveTracing(scope, 'test', options)

  test('while no SDK is registered, and no longer once one is', () => {
    const tracing = resolve({})
    expect(isIdle(tracing)).toBe(true)
    const sdk = createTestTracing()
    expect(isIdle(tracing)).toBe(false)
    return sdk.shutdown().then(() => expect(isIdle(tracing)).toBe(true))
  })

  test('only if no propagator passes a context on', () => {
    expect(isIdle(resolve({ propagator }))).toBe(false)
    expect(isIdle(resolve({ propagator: noop }))).toBe(true)
    const broken = { ...noop, fields: () => expect.fail() }
    expect(isIdle(resolve({ propagator: broken }))).toBe(false)
  })

  test('not with a provider of its own, nor while it measures', () => {
    const tracerProvider = { getTracer: () => trace.getTracer('x') }
    expect(isIdle(resolve({ tracerProvider }))).toBe(false)
    expect(isIdle(resolve({ metrics: true }))).toBe(false)
  })
})
