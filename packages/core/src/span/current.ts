import { SpanStatusCode, TraceFlags, context, trace } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import { validSpan } from '../propagation/relation.ts'
import { describeError } from './error-description.ts'
import { recordException } from './exception.ts'

/** The ids of the active span: what a log line or an error page may show. */
export interface CurrentTrace {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** The trace that is active here, or `undefined` where there is none. */
export function currentTrace(): CurrentTrace | undefined {
  const spanContext = validSpan(context.active())
  if (!spanContext) return undefined
  const { traceId, spanId, traceFlags } = spanContext
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
}

/**
 * Asks the pipeline to keep the active trace whatever sampling would decide, by the attribute `throughline.keep`. Does
 * nothing where no span is active or where the SDK has no tail processor.
 *
 * @param reason - why, of low cardinality; `'asked'` by default
 */
export function keepTrace(reason: string = 'asked'): void {
  trace.getSpan(context.active())?.setAttribute(ATTR.keep, reason)
}

/** Marks the active span as failed by an error that you handled yourself. The exception is recorded once. */
export function recordError(error: unknown): void {
  const active = context.active()
  const span = trace.getSpan(active)
  if (!span?.isRecording()) return
  const { type, message } = describeError(error)
  span.setAttribute(ATTR.errorType, type)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  guard('Recording an exception', recordException, span, active, error)
}
