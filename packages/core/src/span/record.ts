import type { Attributes, HrTime, SpanKind, SpanStatus } from '@opentelemetry/api'

/**
 * The diagnostics channel on which a finished span arrives that was made outside the SDK, such as in a worker thread.
 * The message is a `SpanRecord`; an SDK that listens exports it with its own resource.
 */
export const SPAN_RECORD_CHANNEL = 'throughline:span-record'

/** A span by reference, as it crosses a thread: plain data, so that structured clone keeps it whole. */
export interface SpanReference {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  /** Serialised, because a `TraceState` would lose its methods on the way. */
  readonly traceState?: string
}

/** A finished span as plain data. `v` is the version of this shape; readers ignore versions they do not know. */
export interface SpanRecord {
  readonly v: 1
  readonly span: SpanReference
  readonly parent?: SpanReference & { readonly isRemote?: boolean }
  readonly name: string
  readonly kind: SpanKind
  readonly start: HrTime
  readonly end: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: readonly { readonly span: SpanReference; readonly attributes?: Attributes }[]
  readonly events: readonly {
    readonly name: string
    readonly time: HrTime
    readonly attributes?: Attributes
  }[]
  readonly scope: { readonly name: string; readonly version?: string }
}
