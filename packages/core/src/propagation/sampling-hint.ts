import { createContextKey, trace, type Context } from '@opentelemetry/api'
import { contextWith } from './layered-context.ts'

const DEFERRED = createContextKey('@throughline/sampling-deferred')
// The key of `@opentelemetry/propagator-b3`, so that both understand each other.
const DEBUG = createContextKey('OpenTelemetry Context Key B3 Debug Flag')

/**
 * Whether the sender of this context left the sampling decision open, as B3, Datadog and X-Ray can. Its span then counts
 * as sampled; a sampler that follows parents may ask here and decide as for a root instead.
 */
export function isSamplingDeferred(context: Context): boolean {
  const deferred = context.getValue(DEFERRED)
  return deferred !== undefined && deferred === trace.getSpanContext(context)
}

export function withDeferredSampling(context: Context): Context {
  return contextWith(context, DEFERRED, trace.getSpanContext(context))
}

/** Whether the sender asked for a debug trace, in B3's or Jaeger's words. */
export function isDebugTrace(context: Context): boolean {
  return context.getValue(DEBUG) === '1'
}

export function withDebugTrace(context: Context): Context {
  return contextWith(context, DEBUG, '1')
}
