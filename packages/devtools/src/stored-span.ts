/** The value of an attribute: what OTLP's `AnyValue` can hold. An unset value is `null`. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Attributes by key. */
export type AttributeMap = Record<string, AttributeValue>

/** The role of a span; OTLP's unspecified kind is read as `INTERNAL`. */
export type StoredSpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'

/** The status of a span. */
export type StoredSpanStatus = 'UNSET' | 'OK' | 'ERROR'

/** A pointer from a span to another one, mostly in another trace. */
export interface StoredLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: AttributeMap
}

/** Something that happened during a span. */
export interface StoredEvent {
  readonly name: string
  /** Epoch milliseconds, with fractions. */
  readonly timeMs: number
  readonly attributes: AttributeMap
}

/** The instrumentation scope that made a span. */
export interface StoredScope {
  readonly name: string
  readonly version?: string
}

/** A finished span as the store keeps it: ids in lower-case hex, times in milliseconds. */
export interface StoredSpan {
  readonly traceId: string
  readonly spanId: string
  /** Absent on the root of a trace. */
  readonly parentSpanId?: string
  readonly traceState?: string
  /** The resource's `service.name`, or `unknown_service`. */
  readonly service: string
  readonly scope: StoredScope
  readonly name: string
  readonly kind: StoredSpanKind
  readonly status: StoredSpanStatus
  readonly statusMessage?: string
  /** Epoch milliseconds, with fractions. */
  readonly startMs: number
  /** Never negative: a span that ends before it starts has 0. */
  readonly durationMs: number
  readonly attributes: AttributeMap
  readonly links: readonly StoredLink[]
  readonly events: readonly StoredEvent[]
  readonly resource: AttributeMap
}

/** The spans of one trace that have arrived so far, by start time. */
export interface StoredTrace {
  readonly traceId: string
  readonly spans: readonly StoredSpan[]
}
