import { createContextKey, type Context } from '@opentelemetry/api'
import { contextWith } from './layered-context.ts'

// The SDK's own key, reached without importing `@opentelemetry/core`: context keys are made with `Symbol.for`.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** A context in which nothing is traced, by us or by any OpenTelemetry instrumentation. */
export function suppressTracing(context: Context): Context {
  return contextWith(context, SUPPRESS_TRACING, true)
}

export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true
}
