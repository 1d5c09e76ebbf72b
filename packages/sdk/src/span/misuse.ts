import { diag, type HrTime, type SpanContext } from '@opentelemetry/api'

/** A span was used after its end; the error tells by whom. */
export function sayUsedAfterEnd({ traceId, spanId }: SpanContext): void {
  const id = `{traceId: ${traceId}, spanId: ${spanId}}`
  const error = new Error(`Operation attempted on ended Span ${id}`)
  diag.warn(`Cannot execute the operation on ended Span ${id}`, error)
}

export function sayEndedTwice(name: string, { traceId, spanId }: SpanContext): void {
  diag.error(`${name} ${traceId}-${spanId} - You can only call end() on a span once.`)
}

export function sayEndedBeforeStart(startTime: HrTime, endTime: HrTime): void {
  diag.warn(
    'Inconsistent start and end time, startTime > endTime. Setting span duration to 0ms.',
    startTime,
    endTime,
  )
}

export function sayDropped(what: 'event' | 'link', count: number): void {
  if (count > 0) diag.warn(`Dropped ${count} ${what}s because ${what}CountLimit reached`)
}
