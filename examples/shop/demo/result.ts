import type { StoredSpan, TraceStore } from '@throughline/devtools'
import type { PlacedOrder } from './orders.ts'
import type { Shop } from './shop.ts'
import { LAST_HOP, missingHops, orphansOf } from './story.ts'

const SLOW_MS = 1000

/** What the demo found; `--json` prints it. */
export interface DemoResult {
  readonly ok: boolean
  readonly story: {
    readonly traceIds: readonly string[]
    readonly services: readonly string[]
    readonly spans: readonly StorySpan[]
  }
  readonly orders: { readonly placed: number; readonly declined: number; readonly slow: number }
  readonly attempts: readonly { readonly attempt: number; readonly status: string }[]
  readonly batches: readonly {
    readonly traceId: string
    readonly messages: number
    readonly links: number
  }[]
  readonly orphans: number
  readonly unended: number
  readonly logs: { readonly lines: number; readonly correlated: number }
  readonly timings: { readonly setupMs: number; readonly runMs: number }
  /** What is not there although it should be; only when `ok` is false. */
  readonly missing?: readonly string[]
}

type StorySpan = Pick<
  StoredSpan,
  | 'traceId'
  | 'spanId'
  | 'service'
  | 'name'
  | 'kind'
  | 'status'
  | 'startMs'
  | 'durationMs'
  | 'attributes'
> & {
  readonly parentSpanId: string | null
  readonly links: readonly { traceId: string; spanId: string }[]
}

/** The trace of an order, found as a person would find it: by the log line that names the order. */
export function traceOf(orderId: string | undefined, shop: Shop): string | undefined {
  if (!orderId) return undefined
  return shop.logs.find((line) => line.traceId && line.text.includes(orderId))?.traceId
}

/** The spans of one order's trace, by sku. */
export function spansOf(
  sku: string,
  orders: readonly PlacedOrder[],
  shop: Shop,
  store: TraceStore,
) {
  const traceId = traceOf(orders.find((order) => order.sku === sku)?.id, shop)
  return traceId === undefined ? [] : store.trace(traceId)
}

/** Everything the demo is about has arrived: every accepted order ended in a notification and in a batch. */
export function isComplete(orders: readonly PlacedOrder[], shop: Shop, store: TraceStore): boolean {
  const accepted = orders.filter((order) => order.id)
  const told = accepted.filter((order) =>
    spansOf(order.sku, orders, shop, store).some((span) => span.name === LAST_HOP),
  )
  return told.length === accepted.length && reservedInBatches(store) >= accepted.length
}

function batchesOf(store: TraceStore): StoredSpan[] {
  return [...store.spans()].filter(
    (span) => span.kind === 'CONSUMER' && 'messaging.batch.message_count' in span.attributes,
  )
}

function reservedInBatches(store: TraceStore): number {
  const counts = batchesOf(store).map((span) =>
    Number(span.attributes['messaging.batch.message_count']),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Judges the run, after all services have stopped and said what became of their spans. */
export function judge(
  orders: readonly PlacedOrder[],
  shop: Shop,
  store: TraceStore,
  timings: DemoResult['timings'],
): DemoResult {
  const story = spansOf('book', orders, shop, store)
  const orphans = orphansOf([...store.spans()])
  const attempts = attemptsOf(spansOf('glass', orders, shop, store))
  const batches = batchesOf(store).map((span) => ({
    traceId: span.traceId,
    messages: Number(span.attributes['messaging.batch.message_count']),
    links: span.links.length,
  }))
  const declined = orders.filter((order) => order.status === 402)
  const unended = shop.services.map((service) => service.books?.unended ?? 0)
  const missing = [
    ...missingHops(story),
    ...(declined.length === 1 ? [] : ['the order that is declined with 402']),
    ...(declinedIsAnError(store)
      ? ['the declined order without an error on its server spans']
      : []),
    ...(attempts.map((attempt) => attempt.status).join() === 'ERROR,ERROR,UNSET'
      ? []
      : ['the three attempts of the job that fails twice']),
    ...(batches.some((batch) => batch.links > 1) ? [] : ['a batch with links to its orders']),
    ...orphans.map((span) => `${span.service}: the parent of "${span.name}"`),
    ...shop.services.flatMap((service) => {
      if (!service.books) return [`${service.name}: the count of its spans`]
      const { unended, lost } = service.books
      return unended + lost > 0
        ? [`${service.name}: ${unended} unended and ${lost} lost spans`]
        : []
    }),
  ]
  return {
    ok: missing.length === 0,
    story: {
      traceIds: [...new Set(story.map((span) => span.traceId))],
      services: [...new Set(story.map((span) => span.service))],
      spans: story.map(toStorySpan),
    },
    orders: {
      placed: orders.filter((order) => order.id).length,
      declined: declined.length,
      slow: orders.filter((order) => order.durationMs > SLOW_MS).length,
    },
    attempts,
    batches,
    orphans: orphans.length,
    unended: unended.reduce((sum, count) => sum + count, 0),
    logs: {
      lines: shop.logs.length,
      correlated: shop.logs.filter((line) => line.traceId && store.trace(line.traceId).length > 0)
        .length,
    },
    timings,
    ...(missing.length > 0 && { missing }),
  }
}

function attemptsOf(spans: readonly StoredSpan[]): DemoResult['attempts'] {
  return spans
    .filter((span) => span.name === 'process ship-order')
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((span) => ({ attempt: Number(span.attributes['job.attempt']), status: span.status }))
}

function declinedIsAnError(store: TraceStore): boolean {
  return [...store.spans()].some(
    (span) =>
      span.kind === 'SERVER' &&
      span.attributes['http.response.status_code'] === 402 &&
      span.status === 'ERROR',
  )
}

function toStorySpan(span: StoredSpan): StorySpan {
  const { traceId, spanId, service, name, kind, status, startMs, durationMs, attributes } = span
  const links = span.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId }))
  const parentSpanId = span.parentSpanId ?? null
  return {
    traceId,
    spanId,
    parentSpanId,
    service,
    name,
    kind,
    status,
    startMs,
    durationMs,
    links,
    attributes,
  }
}
