import { append } from './multi-map.ts'
import type { StoredLink, StoredSpan, StoredTrace } from './stored-span.ts'

/** What is written below a span: why it failed, and the arrows of its links. */
export interface SpanNote {
  readonly text: string
  readonly kind: 'error' | 'link'
}

/** Links drawn at one span, in each direction. */
const SHOWN_LINKS = 5

/** Knows the spans at the other end of the links of a trace. */
export class SpanNotes {
  readonly #traceId: string | undefined
  /** Spans by trace and span id, of this trace and of those that it links to. */
  readonly #spans = new Map<string, StoredSpan>()
  /** Spans of other traces by the id of the span here that they link to. */
  readonly #linkedFrom: Map<string, StoredSpan[]>

  constructor(
    spans: readonly StoredSpan[],
    linkedFrom: readonly StoredTrace[],
    linkedTo: readonly StoredTrace[],
  ) {
    this.#traceId = spans[0]?.traceId
    for (const span of [...spans, ...linkedTo.flatMap((trace) => trace.spans)]) {
      this.#spans.set(key(span), span)
    }
    this.#linkedFrom = incoming(this.#traceId, linkedFrom)
  }

  /** The notes of a span, errors first. */
  of(span: StoredSpan): SpanNote[] {
    const message = span.status === 'ERROR' ? errorMessage(span) : undefined
    return [
      ...(message ? [{ text: `✗ ERROR ${message}`, kind: 'error' as const }] : []),
      ...arrows(
        '⇢',
        span.links.filter((link) => !isParent(link, span)).map((link) => this.#to(link)),
      ),
      ...arrows(
        '⇠',
        (this.#linkedFrom.get(span.spanId) ?? []).map((from) => this.#from(from)),
      ),
    ]
  }

  #to(link: StoredLink): string {
    const target = this.#spans.get(key(link))
    const name = target ? `${target.name} · ${target.service}` : `span ${link.spanId.slice(0, 8)}`
    const place = link.traceId === this.#traceId ? '' : ` (trace ${link.traceId.slice(0, 8)})`
    return `links to ${name}${place}`
  }

  #from(span: StoredSpan): string {
    return `linked from ${span.name} · ${span.service} (trace ${span.traceId.slice(0, 8)})`
  }
}

function incoming(
  traceId: string | undefined,
  traces: readonly StoredTrace[],
): Map<string, StoredSpan[]> {
  const result = new Map<string, StoredSpan[]>()
  for (const span of traces.flatMap((trace) => trace.spans)) {
    if (span.traceId === traceId) continue
    const targets = span.links.filter((link) => link.traceId === traceId).map((link) => link.spanId)
    for (const target of new Set(targets)) append(result, target, span)
  }
  return result
}

function arrows(arrow: string, texts: readonly string[]): SpanNote[] {
  // One more line says no less than "1 more" would.
  const shown = texts.length > SHOWN_LINKS + 1 ? texts.slice(0, SHOWN_LINKS) : texts
  const rest = texts.length - shown.length
  const lines = rest > 0 ? [...shown, `… ${rest} more`] : shown
  return lines.map((text) => ({ text: `${arrow} ${text}`, kind: 'link' }))
}

/** A receiver keeps the link to its sender also when that is its parent; the tree shows that one. */
function isParent(link: StoredLink, span: StoredSpan): boolean {
  return link.traceId === span.traceId && link.spanId === span.parentSpanId
}

function errorMessage(span: StoredSpan): string | undefined {
  if (span.statusMessage) return span.statusMessage
  const exception = span.events.findLast((event) => event.name === 'exception')?.attributes
  const reason = exception?.['exception.message'] ?? span.attributes['error.type']
  return typeof reason === 'string' ? reason : undefined
}

function key({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): string {
  return `${traceId}:${spanId}`
}
