import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import * as integration from '../src/integration.ts'
import * as core from '../src/index.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

vi.resetModules()
const [other, otherIntegration] = await Promise.all([
  import('../src/index.ts'),
  import('../src/integration.ts'),
])

test('there are two copies of this package, as of an ESM application with a CommonJS framework', () => {
  expect(other.withSpan).not.toBe(core.withSpan)
})

test('an exception that passes spans of both is recorded once', () => {
  const fail = () => {
    throw new Error('no')
  }
  const work = () => core.withSpan('inner', fail)
  expect(() => other.withSpan('outer', work)).toThrow('no')
  expect(tracing.span('inner').events).toHaveLength(1)
  expect(tracing.span('outer').events).toHaveLength(0)
})

test('an error of one stands for its origin in the other', () => {
  const [shown, origin] = [new Error('internal'), new RangeError('too far')]
  integration.setErrorOrigin(shown, origin)
  expect(otherIntegration.describeError(shown).type).toBe('RangeError')
})

test('contexts of both do not pile up on each other', () => {
  const tracer = trace.getTracer('test')
  let active = ROOT_CONTEXT
  for (let at = 0; at < 100_000; at++) {
    const { startOperation } = at % 2 ? integration : otherIntegration
    active = startOperation(tracer, 'work', {}, active).context
  }
  // Through a hundred thousand layers this would overflow the stack.
  expect(active.getValue(Symbol('absent'))).toBeUndefined()
})
