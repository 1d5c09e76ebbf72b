import { TraceFlags, type Context, type Span } from '@opentelemetry/api'
import { isObservable } from 'rxjs'
import { noteFailure, notingFailure } from './failure.ts'

/**
 * Whether nothing of the work that a span stands for is recorded: it was made in this process and left out by sampling,
 * which goes for what is below it too.
 */
export function isSampledOut(span: Span): boolean {
  if (span.isRecording()) return false
  const { isRemote, traceFlags } = span.spanContext()
  return !isRemote && (traceFlags & TraceFlags.SAMPLED) === 0
}

/** Runs a step without a span. What it throws still names the request's failure, as metrics count all requests. */
export function runUnrecorded(active: Context, call: () => unknown): unknown {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    noteFailure(error, active)
    throw error
  }
  if (isObservable(result)) return notingFailure(result, active)
  if (!(result instanceof Promise)) return result
  return result.catch((error: unknown) => {
    noteFailure(error, active)
    throw error
  })
}
