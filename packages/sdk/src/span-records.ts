import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createTraceState, type HrTime, type SpanContext } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { SPAN_RECORD_CHANNEL, report } from '@throughline/core/integration'
import type { SpanRecord, SpanReference } from '@throughline/core/integration'

/**
 * Takes in the spans that were made outside the SDK, in worker threads above all, and gives each to `take` with the
 * resource of this process. The answer stops it.
 */
export function collectSpanRecords(
  resource: Resource,
  take: (span: ReadableSpan) => void,
): () => void {
  const onRecord = (message: unknown): void => {
    try {
      const record = message as SpanRecord
      if (record.v === 1) take(toReadableSpan(record, resource))
    } catch (fault) {
      report('Reading a span of another thread', fault)
    }
  }
  subscribe(SPAN_RECORD_CHANNEL, onRecord)
  return () => unsubscribe(SPAN_RECORD_CHANNEL, onRecord)
}

function toReadableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const spanContext = toSpanContext(record.span)
  return {
    name: record.name,
    kind: record.kind,
    spanContext: () => spanContext,
    ...(record.parent && {
      parentSpanContext: {
        ...toSpanContext(record.parent),
        isRemote: record.parent.isRemote === true,
      },
    }),
    startTime: record.start,
    endTime: record.end,
    duration: between(record.start, record.end),
    status: record.status,
    attributes: record.attributes,
    links: record.links.map(({ span, attributes }) => ({
      context: toSpanContext(span),
      ...(attributes && { attributes }),
    })),
    events: record.events.map((event) => ({ ...event })),
    ended: true,
    resource,
    instrumentationScope: record.scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function toSpanContext({ traceId, spanId, traceFlags, traceState }: SpanReference): SpanContext {
  const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) }
  return { traceId, spanId, traceFlags, ...state }
}

function between(start: HrTime, end: HrTime): HrTime {
  const nanos = (end[0] - start[0]) * 1e9 + (end[1] - start[1])
  return [Math.floor(nanos / 1e9), nanos % 1e9]
}
