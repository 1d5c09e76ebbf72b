import { trace } from '@opentelemetry/api'
import { startTracing, type RunningTracing } from '@throughline/sdk'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { RecordingSpan } from '../src/span/recording-span.ts'

let tracing: RunningTracing

beforeAll(() => {
  vi.stubEnv('OTEL_TRACES_EXPORTER', 'none')
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_always_on')
  vi.stubEnv('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', '2')
  vi.stubEnv('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', '3')
  tracing = startTracing({ signals: false })
})
afterAll(() => tracing.shutdown())

test('spans are made here, by what the variables of the SDK say', () => {
  const span = trace.getTracer('shop').startSpan('work', { attributes: { a: 'long', b: 1, c: 2 } })
  expect(span).toBeInstanceOf(RecordingSpan)
  expect(span).toMatchObject({ attributes: { a: 'lon', b: 1 }, droppedAttributesCount: 1 })
  span.end()
  expect(tracing.counts).toEqual({ started: 1, ended: 1, unended: 0 })
})
