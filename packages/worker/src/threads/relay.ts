import { BroadcastChannel } from 'node:worker_threads'
import { createContextKey, type Context } from '@opentelemetry/api'
import { report, type SpanRecord } from '@throughline/core/integration'

const RELAY = createContextKey('@throughline/worker span channel')
const waiting = new Map<string, SpanRecord[]>()

/** The channel that spans started in this context are sent to; none where no traced task runs. */
export function relayOf(context: Context): string | undefined {
  return context.getValue(RELAY) as string | undefined
}

export function withRelay(context: Context, channel: string): Context {
  return context.setValue(RELAY, channel)
}

/** Keeps a finished span until its task is done, or until the end of this turn for one that outlives its task. */
export function relay(channel: string, record: SpanRecord): void {
  const records = waiting.get(channel)
  if (records) {
    records.push(record)
    return
  }
  waiting.set(channel, [record])
  queueMicrotask(flushSpans)
}

/**
 * Hands all finished spans over. From then on they are the listening thread's: ending this thread cannot lose them.
 *
 * The channel is open for this moment only. An open one would also receive what every other thread sends, and a pool's
 * idle thread, asleep in `Atomics.wait`, would pile that up.
 */
export function flushSpans(): void {
  for (const [channel, records] of waiting) {
    waiting.delete(channel)
    try {
      const out = new BroadcastChannel(channel)
      out.postMessage(records)
      out.close()
    } catch (error) {
      report('Sending the spans of a thread', error)
    }
  }
}
