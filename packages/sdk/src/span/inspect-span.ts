import type { InspectOptions, inspect } from 'node:util'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** What `util.inspect` shows of a span: all but the resource, which is the same for every span and longer than the rest. */
export function inspectSpan(
  span: ReadableSpan,
  depth: number,
  options: InspectOptions,
  show: typeof inspect,
): string {
  if (depth < 0) return '[RecordingSpan]'
  const shown = {
    name: span.name,
    kind: span.kind,
    spanContext: span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    status: span.status,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    attributes: span.attributes,
    events: span.events,
    links: span.links,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
    instrumentationScope: span.instrumentationScope,
  }
  return `RecordingSpan ${show(shown, options)}`
}
