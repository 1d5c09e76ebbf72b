import { renderWaterfall, type StoredSpan, type TraceStore } from '@throughline/devtools'
import type { PlacedOrder } from './orders.ts'
import { spansOf, traceOf, type DemoResult } from './result.ts'
import type { Shop } from './shop.ts'
import { orphansOf } from './story.ts'

/** The demo's answer for a person. */
export function renderReport(
  result: DemoResult,
  orders: readonly PlacedOrder[],
  shop: Shop,
  store: TraceStore,
): string {
  const story = spansOf('book', orders, shop, store)
  const traceId = traceOf(orders.find((order) => order.sku === 'book')?.id, shop)
  return [
    heading('One order, from the request to the notification'),
    story.length > 0
      ? renderWaterfall(story, {
          linkedFrom: store.linkedFrom(traceId ?? ''),
          linkedTo: store.linkedTo(traceId ?? ''),
        })
      : '(no trace)',
    heading('The job that fails twice: three attempts'),
    renderAttempts(spansOf('glass', orders, shop, store)),
    heading('The order that is out of stock at first: one trace through the retry topic'),
    result.retry.join(' ─► '),
    heading('A batch, with a link to every order in it, and the transaction that came of it'),
    ...result.batches.map((batch) =>
      renderWaterfall(store.trace(batch.traceId), { linkedTo: store.linkedTo(batch.traceId) }),
    ),
    heading('Six orders'),
    ...orders.map((order) => renderOrder(order, traceOf(order.id, shop))),
    heading('The books'),
    renderBooks(shop, store),
    heading(`Log lines of trace ${traceId ?? '?'}`),
    ...shop.logs
      .filter((line) => line.traceId === traceId)
      .map((line) => `${line.service.padEnd(14)} ${line.message}`),
    '',
    verdict(result),
  ].join('\n')
}

function heading(text: string): string {
  return `\n${text}\n${'─'.repeat(text.length)}`
}

function renderAttempts(spans: readonly StoredSpan[]): string {
  return spans
    .filter((span) => span.name === 'process ship-order')
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((span) => {
      const { status, statusMessage, durationMs } = span
      const attempt = `attempt ${read(span, 'job.attempt')} of ${read(span, 'job.max_attempts')}`
      const outcome = read(span, 'job.outcome').padEnd(9)
      return `${attempt}  ${status.padEnd(5)}  ${outcome}  ${durationMs.toFixed(0)} ms  ${statusMessage ?? ''}`
    })
    .join('\n')
}

function read({ attributes }: StoredSpan, key: string): string {
  const value = attributes[key]
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : ''
}

function renderOrder({ sku, status, durationMs }: PlacedOrder, traceId = '(declined)'): string {
  const time = `${durationMs.toFixed(0)} ms`.padStart(8)
  return `${sku.padEnd(14)} ${status} ${time}  ${traceId}`
}

function renderBooks(shop: Shop, store: TraceStore): string {
  const spans = [...store.spans()]
  const orphans = orphansOf(spans)
  const rows = shop.services.map(({ name, books }) => {
    const own = spans.filter((span) => span.service === name)
    return [
      name,
      new Set(own.map((span) => span.traceId)).size,
      own.length,
      own.filter((span) => span.status === 'ERROR').length,
      orphans.filter((span) => span.service === name).length,
      books?.unended ?? '?',
    ]
  })
  const header = ['service', 'traces', 'spans', 'errors', 'orphans', 'unended']
  const table = [header, ...rows].map(([first, ...rest]) =>
    [String(first).padEnd(14), ...rest.map((cell) => String(cell).padStart(8))].join(''),
  )
  return table.join('\n')
}

function verdict(result: DemoResult): string {
  const { setupMs, runMs } = result.timings
  const times = `Set-up ${seconds(setupMs)}, run ${seconds(runMs)}.`
  if (!result.ok) {
    return ['What is missing:', ...(result.missing ?? []).map((hop) => `  - ${hop}`), times].join(
      '\n',
    )
  }
  return [
    `The whole trace is there: no orphan, no unended span. ${times}`,
    'Where to look next: examples/shop/src (a main file for each service), docs/tutorials/one-order-one-trace.md,',
    'and `npm run demo -- --keep` to place orders of your own.',
  ].join('\n')
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
