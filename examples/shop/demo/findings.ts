import type { StoredSpan, TraceStore } from '@throughline/devtools'
import { orphansOf } from './story.ts'

/** An attempt of a job. */
export interface Attempt {
  readonly attempt: number
  readonly status: string
}

/** Reservations of stock that were consumed at once. */
export interface Batch {
  readonly traceId: string
  readonly messages: number
  readonly links: number
  /** What came of it, in the batch's own trace. */
  readonly steps: readonly string[]
}

/** The ticks of the shipping service's timer. */
export interface Ticks {
  readonly spans: number
  readonly traces: number
}

/** What is to be found in the spans of a run, beside the way of the one order. */
export interface Findings {
  readonly attempts: readonly Attempt[]
  readonly batches: readonly Batch[]
  /** The way of the order that is tried again, hop by hop. */
  readonly retry: readonly string[]
  readonly ticks: Ticks
  readonly orphans: readonly StoredSpan[]
  readonly declinedIsAnError: boolean
}

/** Looks through everything that arrived, and through the traces of two orders. */
export function find(
  store: TraceStore,
  { glass, chair }: Readonly<Record<'glass' | 'chair', readonly StoredSpan[]>>,
): Findings {
  const spans = [...store.spans()]
  return {
    attempts: findAttempts(glass),
    batches: findBatches(store),
    retry: findRetry(chair),
    ticks: findTicks(spans),
    orphans: orphansOf(spans),
    declinedIsAnError: spans.some(
      ({ kind, status, attributes }) =>
        kind === 'SERVER' && attributes['http.response.status_code'] === 402 && status === 'ERROR',
    ),
  }
}

/** What they lack, in words. */
export function missingOf(findings: Findings): string[] {
  const { attempts, batches, retry, ticks, orphans, declinedIsAnError } = findings
  const expected: readonly (readonly [boolean, string])[] = [
    [!declinedIsAnError, 'the declined order without an error on its server spans'],
    [
      attempts.map((attempt) => attempt.status).join() === 'ERROR,ERROR,UNSET',
      'the three attempts of the job that fails twice',
    ],
    [batches.some((batch) => batch.links > 1), 'a batch with links to its orders'],
    [
      batches.every((batch) => batch.steps.includes('commit picklist.made')),
      'the committed pick list of each batch',
    ],
    [retry[0] === 'send order.placed', 'the order that went through the retry topic'],
    [ticks.spans > 0 && ticks.traces === ticks.spans, 'ticks of a timer, each a trace of its own'],
  ]
  return [
    ...expected.flatMap(([found, what]) => (found ? [] : [what])),
    ...orphans.map((span) => `${span.service}: the parent of "${span.name}"`),
  ]
}

export function findBatches(store: TraceStore): Batch[] {
  return [...store.spans()]
    .filter((span) => span.kind === 'CONSUMER' && MESSAGE_COUNT in span.attributes)
    .map(({ traceId, spanId, attributes, links }) => ({
      traceId,
      messages: Number(attributes[MESSAGE_COUNT]),
      links: links.length,
      steps: store
        .trace(traceId)
        .filter((span) => span.parentSpanId === spanId)
        .map((span) => span.name),
    }))
}

const MESSAGE_COUNT = 'messaging.batch.message_count'

function findAttempts(spans: readonly StoredSpan[]): Attempt[] {
  return spans
    .filter((span) => span.name === 'process ship-order')
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((span) => ({ attempt: Number(span.attributes['job.attempt']), status: span.status }))
}

function findTicks(spans: readonly StoredSpan[]): Ticks {
  const ticks = spans.filter((span) => span.name === 'tick count waiting orders')
  return { spans: ticks.length, traces: new Set(ticks.map((span) => span.traceId)).size }
}

/** From the second attempt back to where the order was sent first. */
function findRetry(spans: readonly StoredSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const way: string[] = []
  let at = spans.find((span) => span.name === 'process order.retry')
  while (at && way[0] !== 'send order.placed') {
    way.unshift(at.name)
    at = byId.get(at.parentSpanId ?? '')
  }
  return way
}
