import type { StoredSpan } from '@throughline/devtools'

interface Hop {
  readonly service: string
  readonly kind: StoredSpan['kind']
  readonly name: string
}

/** Where the way of an order ends. */
export const LAST_HOP = 'NotificationsController.onShipped'

/** The way of one order: each hop lies below the one before it, or below the named one. */
const WAY: readonly (Hop & { readonly below?: string })[] = [
  { service: 'gateway', kind: 'SERVER', name: 'POST /orders' },
  { service: 'gateway', kind: 'CLIENT', name: 'POST' },
  { service: 'orders', kind: 'SERVER', name: 'POST /orders' },
  { service: 'orders', kind: 'INTERNAL', name: 'OrdersController.place' },
  { service: 'orders', kind: 'CLIENT', name: 'INSERT orders' },
  {
    service: 'orders',
    kind: 'PRODUCER',
    name: 'send stock.reserved',
    below: 'OrdersController.place',
  },
  {
    service: 'orders',
    kind: 'PRODUCER',
    name: 'send order.placed',
    below: 'OrdersController.place',
  },
  { service: 'fulfilment', kind: 'CONSUMER', name: 'process order.placed' },
  { service: 'fulfilment', kind: 'PRODUCER', name: 'send ship-order' },
  { service: 'shipping', kind: 'CONSUMER', name: 'process ship-order' },
  { service: 'shipping', kind: 'INTERNAL', name: 'print label' },
  {
    service: 'shipping',
    kind: 'PRODUCER',
    name: 'send order.shipped',
    below: 'process ship-order',
  },
  { service: 'notifications', kind: 'CONSUMER', name: 'process order.shipped' },
  { service: 'notifications', kind: 'INTERNAL', name: LAST_HOP },
]

/** The hops that a trace lacks, in words; none when the whole way is there. */
export function missingHops(spans: readonly StoredSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const missing: string[] = []
  const found = new Map<string, StoredSpan>()
  let above: StoredSpan | undefined
  let aboveName = ''
  for (const hop of WAY) {
    if (hop.below) [above, aboveName] = [found.get(hop.below), hop.below]
    const span = spans.find(
      (candidate) =>
        candidate.service === hop.service &&
        candidate.kind === hop.kind &&
        candidate.name === hop.name &&
        (aboveName === '' || isBelow(candidate, above, byId)),
    )
    if (!span) {
      const where = aboveName && ` below "${aboveName}"`
      missing.push(`${hop.service}: ${hop.kind} span "${hop.name}"${where}`)
    } else {
      found.set(hop.name, span)
    }
    ;[above, aboveName] = [span, hop.name]
  }
  return missing
}

function isBelow(
  span: StoredSpan,
  above: StoredSpan | undefined,
  byId: ReadonlyMap<string, StoredSpan>,
): boolean {
  if (!above) return true // its own absence is said already
  for (let at: StoredSpan | undefined = span; at; at = byId.get(at.parentSpanId ?? '')) {
    if (at.parentSpanId === above.spanId) return true
  }
  return false
}

/** Spans that name a parent which nobody exported. */
export function orphansOf(spans: readonly StoredSpan[]): StoredSpan[] {
  const known = new Set(spans.map((span) => span.spanId))
  return spans.filter((span) => span.parentSpanId && !known.has(span.parentSpanId))
}
