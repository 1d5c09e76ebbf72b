import { ROOT_CONTEXT, context, createContextKey, propagation, trace } from '@opentelemetry/api'
import { startOperation, type Operation } from '@throughline/core/integration'
import { originOf } from '@throughline/core/propagation'
import { createTestTracing } from '@throughline/testing'
import { afterAll, expect, test } from 'vitest'

const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => createContextKey(name)) as [
  symbol,
  symbol,
  symbol,
  symbol,
]
const start = (parent = ROOT_CONTEXT): Operation =>
  startOperation(trace.getTracer('test'), 'work', {}, parent)

test('the context of an operation holds its span and what its parent holds', () => {
  const baggage = propagation.createBaggage({ tenant: { value: 'shop' } })
  const operation = start(propagation.setBaggage(ROOT_CONTEXT, baggage))
  expect(trace.getSpan(operation.context)).toBe(operation.span)
  expect(propagation.getBaggage(operation.context)).toBe(baggage)
  expect(operation.run(() => context.active())).toBe(operation.context)
})

test('contexts made of it hold all that it held, and it stays as it was', () => {
  const operation = start(ROOT_CONTEXT.setValue(A, 1))
  const further = operation.context.setValue(B, 2)
  expect([further.getValue(A), further.getValue(B), trace.getSpan(further)]).toEqual([
    1,
    2,
    operation.span,
  ])
  expect(operation.context.getValue(B)).toBeUndefined()
  const less = trace.deleteSpan(further)
  expect([trace.getSpan(less), less.getValue(A), less.getValue(B)]).toEqual([undefined, 1, 2])
  expect(operation.context.deleteValue(A).getValue(A)).toBeUndefined()
})

test('without the span of its parent it holds all else, and the parent stays as it was', () => {
  const parent = start(ROOT_CONTEXT.setValue(A, 1)).context
  const { parent: without } = originOf(parent, 'link')
  expect([trace.getSpan(without), without.getValue(A)]).toEqual([undefined, 1])
  const further = without.setValue(B, 2)
  expect([trace.getSpan(further), further.getValue(A), further.getValue(B)]).toEqual([
    undefined,
    1,
    2,
  ])
  const less = without.deleteValue(A)
  expect([trace.getSpan(less), less.getValue(A)]).toEqual([undefined, undefined])
  expect(trace.getSpan(parent)).toBeDefined()
  const operation = start(without)
  expect([trace.getSpan(operation.context), operation.context.getValue(A)]).toEqual([
    operation.span,
    1,
  ])
  expect(trace.getSpan(trace.deleteSpan(operation.context))).toBeUndefined()
})

test('what an integration carries in it is there for children too, however much it is', () => {
  const operation = start()
  operation.carry(A, 1)
  operation.carry(B, 2)
  operation.carry(C, 3)
  const child = start(operation.context)
  child.carry(D, 4)
  for (const held of [child.context, child.context.setValue(A, 1)]) {
    expect([A, B, C, D].map((key) => held.getValue(key))).toEqual([1, 2, 3, 4])
  }
  expect(operation.context.getValue(D)).toBeUndefined()
  expect(trace.getSpan(operation.context)).toBe(operation.span)
})

test('what is carried late does not change what was made of it before', () => {
  const operation = start()
  const before = operation.context.setValue(A, 1)
  operation.carry(B, 2)
  expect(operation.context.getValue(B)).toBe(2)
  expect(before.getValue(B)).toBeUndefined()
})
