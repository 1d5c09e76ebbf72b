import { type TracerProvider as Provider } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { RecordingTracer } from '../../src/span/recording-tracer.ts'
import { withRecordingTracers } from '../../src/span/recording-tracers.ts'

/** The SDK's provider, as another version of it might be. */
function changed(change: (options: Record<string, unknown>) => void): Provider {
  const provider = new TracerProvider()
  change((provider as unknown as { _tracerOptions: Record<string, unknown> })._tracerOptions)
  return provider
}

test('a scope has one tracer of ours, and the provider is otherwise the one that it was', async () => {
  const provider = new TracerProvider()
  const own = withRecordingTracers(provider) as TracerProvider
  expect(own.getTracer('a')).toBeInstanceOf(RecordingTracer)
  expect(own.getTracer('a', '1')).toBe(own.getTracer('a', '1'))
  expect(own.getTracer('a', '1')).not.toBe(own.getTracer('a', '2'))
  expect(own.getTracer('a', '1', { schemaUrl: 's' })).not.toBe(own.getTracer('a', '1'))
  expect(own).toBeInstanceOf(TracerProvider)
  await own.forceFlush()
})

test.each([
  ['resource', undefined],
  ['sampler', { decide: () => true }],
  ['idGenerator', {}],
  ['spanLimits', { attributeCountLimit: 128 }],
  ['spanLimits', undefined],
  ['spanProcessor', { onStart() {} }],
  ['meterProvider', undefined],
])('with an SDK whose tracers get another %s, its own tracers stay (%j)', (name, value) => {
  const provider = changed((options) => {
    options[name] = value
  })
  expect(withRecordingTracers(provider)).toBe(provider)
})

test('with a provider that is none of the SDK, its own tracers stay', () => {
  const provider: Provider = { getTracer: () => new TracerProvider().getTracer('a') }
  expect(withRecordingTracers(provider)).toBe(provider)
})

test('where the SDK counts its spans by metrics, its own tracers stay, which do so', () => {
  const counting = { getMeter: () => ({ createCounter() {}, createUpDownCounter() {} }) }
  const provider = new TracerProvider({ meterProvider: counting as never })
  expect(withRecordingTracers(provider)).toBe(provider)
})
