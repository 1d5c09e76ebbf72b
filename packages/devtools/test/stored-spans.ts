import type { StoredSpan } from '../src/index.ts'

export const TRACE_A: string = 'a'.repeat(32)
export const TRACE_B: string = 'b'.repeat(32)

/** A span with the id `n` in 16 digits. */
export function span(n: number, fields: Partial<StoredSpan> = {}): StoredSpan {
  return {
    traceId: TRACE_A,
    spanId: spanId(n),
    service: 'gateway',
    scope: { name: 'test' },
    name: `span ${n}`,
    kind: 'INTERNAL',
    status: 'UNSET',
    startMs: 1_700_000_000_000,
    durationMs: 10,
    attributes: {},
    links: [],
    events: [],
    resource: {},
    ...fields,
  }
}

export function spanId(n: number): string {
  return String(n).padStart(16, '0')
}

export function link(traceId: string, n: number): StoredSpan['links'][number] {
  return { traceId, spanId: spanId(n), attributes: {} }
}
