import { startReceiver } from './receiver.ts'
import type { StoredSpan } from './stored-span.ts'
import type { TraceStore } from './trace-store.ts'
import { renderWaterfall } from './waterfall.ts'

/** Options of {@link view}. */
export interface ViewOptions {
  readonly port: number
  /** Stop after the first trace. */
  readonly once: boolean
  /** Stops the viewer; what has arrived is printed before. */
  readonly signal: AbortSignal
}

/** A trace is printed when nothing came for it for this long, */
const QUIET_MS = 500
/** and this much longer if a parent is missing: SDKs hold spans back for five seconds by default. */
const PATIENCE_MS = 5500

/**
 * Prints the waterfall of each trace to stdout when no spans have come for it for a moment, and again when more
 * come later. Everything else goes to stderr. Resolves when it was stopped.
 */
export async function view({ port, once, signal }: ViewOptions): Promise<void> {
  const receiver = await startReceiver({ port })
  const { store } = receiver
  console.error(`Listening for OTLP/HTTP on ${receiver.url} (OTEL_EXPORTER_OTLP_ENDPOINT)`)
  const { promise: stopped, resolve: stop } = withResolvers()
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  const waiting = new Map<string, NodeJS.Timeout>()

  const print = (traceId: string): void => {
    waiting.delete(traceId)
    if (store.trace(traceId).length === 0) return
    console.log(`${waterfall(store, traceId)}\n`)
    if (once) stop()
  }
  const printIfComplete = (traceId: string): void => {
    if (isComplete(store.trace(traceId))) print(traceId)
    else waiting.set(traceId, setTimeout(print, PATIENCE_MS, traceId))
  }
  const unsubscribe = store.onAdd((traceIds) => {
    for (const traceId of traceIds) {
      clearTimeout(waiting.get(traceId))
      waiting.set(traceId, setTimeout(printIfComplete, QUIET_MS, traceId))
    }
  })

  await stopped
  unsubscribe()
  await receiver.close()
  for (const [traceId, timer] of waiting) {
    clearTimeout(timer)
    if (!once) print(traceId)
  }
}

function waterfall(store: TraceStore, traceId: string): string {
  return renderWaterfall(store.trace(traceId), {
    linkedFrom: store.linkedFrom(traceId),
    linkedTo: store.linkedTo(traceId),
  })
}

function isComplete(spans: readonly StoredSpan[]): boolean {
  const ids = new Set(spans.map((span) => span.spanId))
  return spans.every((span) => span.parentSpanId === undefined || ids.has(span.parentSpanId))
}

/** Promise.withResolvers, which Node.js 20 does not have. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
