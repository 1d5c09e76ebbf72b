import type { TestSpan } from '../span.ts'

/** A made-up sender of work: the ids that its carrier brings. */
export interface Sender {
  readonly traceId: string
  readonly spanId: string
  readonly carrier: Readonly<Record<string, string>>
}

/** The n-th sender; no two are alike. */
export function sender(n: number): Sender {
  const traceId = (n + 1).toString(16).padStart(32, 'a')
  const spanId = (n + 1).toString(16).padStart(16, 'b')
  const carrier = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=opaque' }
  return { traceId, spanId, carrier }
}

export function isChildOf(span: TestSpan, { traceId, spanId }: Sender): boolean {
  return span.traceId === traceId && span.parentSpanId === spanId
}

export function isLinkedTo(span: TestSpan, { traceId, spanId }: Sender): boolean {
  return span.links.some((link) => link.traceId === traceId && link.spanId === spanId)
}

const TRACE = 'a'.repeat(32)
const SPAN = 'b'.repeat(16)

/** What a careless or hostile sender puts into text headers. */
export const MALFORMED_TEXT: readonly string[] = [
  '',
  'garbage',
  '00',
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}-zz`,
  `ff-${TRACE}-${SPAN}-01`,
  `00_${TRACE}_${SPAN}_01`,
  'x'.repeat(5000),
  '%E0%A4%A',
  '__proto__',
  '\u00FF\u00E9',
]

/** The same in bytes: no UTF-8, zeros, nothing, a lot. */
export const MALFORMED_BYTES: readonly Uint8Array[] = [
  new Uint8Array(),
  Uint8Array.of(0xff, 0xfe, 0x00, 0x80),
  new Uint8Array(55),
  new Uint8Array(20_000).fill(0x30),
  Uint8Array.from({ length: 256 }, (_, at) => at),
]
