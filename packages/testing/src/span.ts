import { SpanKind, SpanStatusCode, type Attributes, type Link } from '@opentelemetry/api'
import type { SdkSpan } from './sdk.ts'

/** A finished span as a test wants to read it: names instead of numbers, ids instead of contexts. */
export interface TestSpan {
  readonly name: string
  readonly kind: keyof typeof SpanKind
  readonly status: keyof typeof SpanStatusCode
  readonly statusMessage: string | undefined
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Attributes
  readonly links: readonly { traceId: string; spanId: string; attributes: Attributes }[]
  readonly events: readonly { name: string; attributes: Attributes }[]
  readonly scope: { readonly name: string; readonly version: string | undefined }
  readonly startMs: number
  readonly durationMs: number
}

// Clocks are too coarse to order spans that start within a millisecond.
const startOrders = new WeakMap<TestSpan, number>()

/** Compares by start, for `sort`. */
export function byStart(a: TestSpan, b: TestSpan): number {
  return a.startMs - b.startMs || (startOrders.get(a) ?? 0) - (startOrders.get(b) ?? 0)
}

/** @param startOrder - how many spans had started before */
export function toTestSpan(span: SdkSpan, startOrder: number): TestSpan {
  const testSpan = describe(span)
  startOrders.set(testSpan, startOrder)
  return testSpan
}

function describe(span: SdkSpan): TestSpan {
  const { traceId, spanId } = span.spanContext()
  return {
    name: span.name,
    kind: SpanKind[span.kind] as keyof typeof SpanKind,
    status: SpanStatusCode[span.status.code] as keyof typeof SpanStatusCode,
    statusMessage: span.status.message,
    traceId,
    spanId,
    parentSpanId: parentOf(span),
    attributes: { ...span.attributes },
    links: span.links.map(toTestLink),
    events: span.events.map((event) => ({ name: event.name, attributes: event.attributes ?? {} })),
    scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version },
    startMs: toMs(span.startTime),
    durationMs: toMs(span.duration),
  }
}

function toTestLink(link: Link): TestSpan['links'][number] {
  const { traceId, spanId } = link.context
  return { traceId, spanId, attributes: link.attributes ?? {} }
}

// SDK 1.x and 2.0 had `parentSpanId`; later ones have the whole context.
function parentOf(span: SdkSpan & { readonly parentSpanId?: string }): string | undefined {
  return span.parentSpanContext?.spanId ?? span.parentSpanId
}

function toMs([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1000 + nanos / 1e6
}
