import type { AttributeValue, Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { SpanRecord, SpanReference } from '@throughline/core/integration'

/**
 * A finished span as it goes from thread to thread: the values of a `SpanRecord` in one list, as each name of a field and
 * each list within a list takes longer to write and to read than a value. Links and events are few, and go as they are.
 */
export type SpanRow = [
  v: SpanRecord['v'],
  name: string,
  kind: SpanKind,
  traceId: string,
  spanId: string,
  traceFlags: number,
  traceState: string | undefined,
  parentTraceId: string | undefined,
  parentSpanId: string | undefined,
  parentTraceFlags: number | undefined,
  parentTraceState: string | undefined,
  startSeconds: number,
  startNanos: number,
  endSeconds: number,
  endNanos: number,
  status: SpanStatusCode,
  message: string | undefined,
  scope: string,
  scopeVersion: string | undefined,
  links: SpanRecord['links'] | undefined,
  events: SpanRecord['events'] | undefined,
  ...keysAndValues: AttributeValue[],
]

/** Keys and values of the attributes in turns, from here on. */
const ATTRIBUTES = 21

export function toRow(record: SpanRecord): SpanRow {
  const { v, name, kind, span, parent, start, end, status, attributes, links, events, scope } =
    record
  const row: SpanRow = [
    v,
    name,
    kind,
    span.traceId,
    span.spanId,
    span.traceFlags,
    span.traceState,
    parent?.traceId,
    parent?.spanId,
    parent?.traceFlags,
    parent?.traceState,
    start[0],
    start[1],
    end[0],
    end[1],
    status.code,
    status.message,
    scope.name,
    scope.version,
    links.length > 0 ? links : undefined,
    events.length > 0 ? events : undefined,
  ]
  for (const key in attributes) row.push(key, attributes[key])
  return row
}

/** The record that a row was made of; `undefined` for what is no row of a known version. */
export function fromRow(row: unknown): SpanRecord | undefined {
  if (!isRow(row)) return undefined
  return {
    v: row[0],
    name: row[1],
    kind: row[2],
    span: reference(row[3], row[4], row[5], row[6]),
    ...(row[7] !== undefined && { parent: reference(row[7], row[8]!, row[9]!, row[10]) }),
    start: [row[11], row[12]],
    end: [row[13], row[14]],
    status: row[16] === undefined ? { code: row[15] } : { code: row[15], message: row[16] },
    scope: row[18] === undefined ? { name: row[17] } : { name: row[17], version: row[18] },
    links: row[19] ?? [],
    events: row[20] ?? [],
    attributes: attributesOf(row),
  }
}

function isRow(row: unknown): row is SpanRow {
  return Array.isArray(row) && row[0] === 1
}

function reference(
  traceId: string,
  spanId: string,
  traceFlags: number,
  traceState: string | undefined,
): SpanReference {
  const span = { traceId, spanId, traceFlags }
  return traceState === undefined ? span : { ...span, traceState }
}

function attributesOf(row: SpanRow): Attributes {
  const attributes: Attributes = {}
  for (let at = ATTRIBUTES; at < row.length; at += 2) {
    attributes[row[at] as string] = row[at + 1]
  }
  return attributes
}
