import type { Tracer, TracerProvider } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import { Clock } from './clock.ts'
import { RecordingTracer } from './recording-tracer.ts'
import { tracerOptionsOf } from './tracer-options.ts'

/**
 * The SDK's provider with tracers of ours, by all that it was configured with. Where it is none that we know, it is
 * answered as it is, with its own.
 */
export function withRecordingTracers(
  provider: TracerProvider,
  clock: Clock = new Clock(),
): TracerProvider {
  const tracerOptions = tracerOptionsOf(provider)
  if (!tracerOptions) return provider
  const tracers = new Map<string, Tracer>()
  const getTracer: TracerProvider['getTracer'] = (name, version, options) => {
    const schemaUrl = options?.schemaUrl
    const key = `${name}@${version || ''}:${schemaUrl || ''}`
    const tracer =
      tracers.get(key) ??
      new RecordingTracer(
        tracerOptions,
        { name, version, schemaUrl } as InstrumentationScope,
        clock,
      )
    tracers.set(key, tracer)
    return tracer
  }
  // All else is the provider's own, such as `forceFlush`.
  return Object.create(provider, { getTracer: { value: getTracer } }) as TracerProvider
}
