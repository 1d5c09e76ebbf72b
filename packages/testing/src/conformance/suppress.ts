import { createContextKey, type Context } from '@opentelemetry/api'

// The key of `@opentelemetry/core`, whichever version: context keys are made with `Symbol.for`.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** A context in which nothing may be traced. */
export function suppressTracing(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true)
}
