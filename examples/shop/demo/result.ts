import type { StoredSpan, TraceStore } from '@throughline/devtools'
import { find, findBatches, missingOf, type Findings } from './findings.ts'
import type { PlacedOrder } from './orders.ts'
import type { Shop } from './shop.ts'
import { LAST_HOP, missingHops } from './story.ts'

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
  readonly attempts: Findings['attempts']
  readonly batches: Findings['batches']
  readonly retry: Findings['retry']
  readonly ticks: Findings['ticks']
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
  const reserved = findBatches(store).reduce((sum, batch) => sum + batch.messages, 0)
  return told.length === accepted.length && reserved >= accepted.length
}

/** Judges the run, after all services have stopped and said what became of their spans. */
export function judge(
  orders: readonly PlacedOrder[],
  shop: Shop,
  store: TraceStore,
  timings: DemoResult['timings'],
): DemoResult {
  const story = spansOf('book', orders, shop, store)
  const findings = find(store, {
    glass: spansOf('glass', orders, shop, store),
    chair: spansOf('chair', orders, shop, store),
  })
  const { attempts, batches, retry, ticks, orphans } = findings
  const declined = orders.filter((order) => order.status === 402)
  const unended = shop.services.map((service) => service.books?.unended ?? 0)
  const missing = [
    ...missingHops(story),
    ...(declined.length === 1 ? [] : ['the order that is declined with 402']),
    ...missingOf(findings),
    ...shop.services.flatMap(missingSpans),
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
      slow: orders.filter(({ sku }) => spansOf(sku, orders, shop, store).some(isSlowPayment))
        .length,
    },
    attempts,
    batches,
    retry,
    ticks,
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

/** The payment and not the request, which may be slow for many reasons, such as a busy machine. */
function isSlowPayment({ name, durationMs }: StoredSpan): boolean {
  return name === 'PaymentService.charge' && durationMs > SLOW_MS
}

function missingSpans({ name, books }: Shop['services'][number]): string[] {
  if (!books) return [`${name}: the count of its spans`]
  const { unended, lost } = books
  return unended + lost > 0 ? [`${name}: ${unended} unended and ${lost} lost spans`] : []
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
