import type { TextMapPropagator, TracerProvider } from '@opentelemetry/api'

/** The options that mean the same in every package. An integration that lacks a hook leaves it alone. */
export interface IntegrationOptions {
  readonly enabled?: boolean
  readonly tracerProvider: TracerProvider
  readonly propagator: TextMapPropagator
  readonly ignore?: () => boolean
  readonly spanName?: () => string
  readonly attributes?: () => never
}
