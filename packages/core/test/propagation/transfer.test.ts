import { ROOT_CONTEXT, trace, type Context, type TextMapPropagator } from '@opentelemetry/api'
import { resolveTracing } from '@throughline/core/integration'
import { extractContext, injectContext, w3cPropagator } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, expect, test } from 'vitest'

const scope = { name: 'test', version: '0' }
const sdk = createTestTracing({ global: false })
afterAll(() => sdk.shutdown())
const tracingBy = (propagator: TextMapPropagator) => resolveTracing(scope, 'test', { propagator })
const tracing = tracingBy(w3cPropagator)
const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
const fail = (): never => {
  throw new Error('broken')
}
const broken: TextMapPropagator = { fields: () => [], extract: fail, inject: fail }

test('the context of a carrier stands on ROOT, whatever is active', () => {
  const read = extractContext(tracing, { traceparent: Buffer.from(traceparent) })
  expect(trace.getSpanContext(read)).toMatchObject({ spanId: '2'.repeat(16), isRemote: true })
})

test.each([undefined, null, {}, { traceparent: 'garbage' }, { traceparent: 7 }])(
  'a carrier such as %j brings ROOT itself',
  (carrier) => {
    expect(extractContext(tracing, carrier as never)).toBe(ROOT_CONTEXT)
  },
)

test.each<[string, object]>([
  [
    'whose getters throw',
    Object.defineProperty({}, 'traceparent', { get: fail, enumerable: true }),
  ],
  ['that is a revoked proxy', revokedProxy()],
  ['whose value is a revoked proxy', { traceparent: revokedProxy() }],
])('a carrier %s is survived', (_, carrier) => {
  expect(extractContext(tracing, carrier as never)).toBe(ROOT_CONTEXT)
})

test("malformed baggage does not cost the trace, by the SDK's own propagators", () => {
  const read = extractContext(tracingBy(sdk.propagator), { traceparent, baggage: 'a=%E0%A4%A' })
  expect(trace.getSpanContext(read)?.spanId).toBe('2'.repeat(16))
})

test('a propagator that throws costs the context, not the work', () => {
  expect(extractContext(tracingBy(broken), { traceparent })).toBe(ROOT_CONTEXT)
  const carrier = { kept: 'yes' }
  expect(injectContext(tracingBy(broken), ROOT_CONTEXT, carrier)).toBe(carrier)
  expect(carrier).toEqual({ kept: 'yes' })
})

test('a frozen carrier is left as it is', () => {
  const context: Context = extractContext(tracing, { traceparent })
  const carrier = Object.freeze({ kept: 'yes' })
  expect(injectContext(tracing, context, carrier)).toEqual({ kept: 'yes' })
})

test('a context is written into the very carrier, by the setter that is given', () => {
  const context = extractContext(tracing, { traceparent })
  const plain: Record<string, string> = { kept: 'yes' }
  expect(injectContext(tracing, context, plain)).toBe(plain)
  expect(plain).toEqual({ kept: 'yes', traceparent })
  const map = new Map<string, string>()
  injectContext(tracing, context, map, { set: (into, key, value) => into.set(key, value) })
  expect([...map]).toEqual([['traceparent', traceparent]])
})

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
