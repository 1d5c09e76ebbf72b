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
  parentIsRemote: boolean | undefined,
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
const ATTRIBUTES = 22

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
    parent?.isRemote,
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
    ...(row[7] !== undefined && { parent: parentOf(row, row[7]) }),
    start: [row[12], row[13]],
    end: [row[14], row[15]],
    status: row[17] === undefined ? { code: row[16] } : { code: row[16], message: row[17] },
    scope: row[19] === undefined ? { name: row[18] } : { name: row[18], version: row[19] },
    links: row[20] ?? [],
    events: row[21] ?? [],
    attributes: attributesOf(row),
  }
}

function isRow(row: unknown): row is SpanRow {
  return Array.isArray(row) && row[0] === 1
}

function parentOf(row: SpanRow, traceId: string): NonNullable<SpanRecord['parent']> {
  const parent = reference(traceId, row[8]!, row[9]!, row[10])
  return row[11] === undefined ? parent : { ...parent, isRemote: row[11] }
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
