import { metrics, type MeterProvider } from '@opentelemetry/api'
import { DURATION_BUCKETS, MeterSource } from '@throughline/core/integration'
import { afterEach, expect, test, vi } from 'vitest'
import { createTestMetrics } from './metrics-fixture.ts'

const SCOPE = { name: 'test', version: '1.0.0' }
const create = vi.fn((meter: { createCounter(name: string): object }) => meter.createCounter('n'))
afterEach(() => {
  metrics.disable()
  create.mockClear()
})

test('instruments are made once, of the provider that was given', () => {
  const source = new MeterSource(SCOPE, createTestMetrics().provider)
  expect(source.get(create)).toBeDefined()
  expect(source.get(create)).toBe(source.get(create))
  expect(create).toHaveBeenCalledOnce()
})

test('while no SDK is registered there are none, and nothing is made', () => {
  expect(new MeterSource(SCOPE).get(create)).toBeUndefined()
  expect(create).not.toHaveBeenCalled()
})

test('a global provider that is registered later counts, and so does its successor', () => {
  const source = new MeterSource(SCOPE)
  source.get(create)
  metrics.setGlobalMeterProvider(createTestMetrics().provider)
  const first = source.get(create)
  expect(first).toBeDefined()
  metrics.disable()
  expect(source.get(create)).toBeUndefined()
  metrics.setGlobalMeterProvider(createTestMetrics().provider)
  expect(source.get(create)).not.toBe(first)
})

test('a provider that throws costs the metric only', () => {
  const broken = {
    getMeter: () => {
      throw new Error('broken')
    },
  } satisfies MeterProvider
  expect(new MeterSource(SCOPE, broken).get(create)).toBeUndefined()
})

test('buckets are those that the conventions advise', () => {
  expect(DURATION_BUCKETS).toEqual([
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ])
})
