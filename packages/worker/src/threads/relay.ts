import { createContextKey, type Context } from '@opentelemetry/api'
import { contextWith, report, type SpanRecord } from '@throughline/core/integration'
import { laneTo } from './lane.ts'
import { takeRoom, type RelayCounters } from './relay-counters.ts'
import { toRow, type SpanRow } from './span-row.ts'

/** Where finished spans go. */
export interface RelayTarget {
  /** The name that its lanes begin with, each a `BroadcastChannel`; or `IPC`. */
  readonly channel: string
  /** Shared with the listening thread; absent where the envelope could carry text only. */
  readonly counters?: RelayCounters | undefined
}

/** To the process above, as a message of Node's own IPC. */
export const IPC = 'ipc'
/** The `cmd` of such a message. Under this name, because BullMQ's parent passes by what it does not know there. */
export const IPC_COMMAND = 'throughline:span-records'

/** What goes over a lane where room was taken for it. */
export interface CountedRows {
  readonly counted: true
  readonly rows: readonly SpanRow[]
}

const RELAY = createContextKey('@throughline/worker span channel')
// What was flushed stays here as an empty queue: a Map that entries come and go in leaves a chain of its old tables to the
// next full collection, and with them all records that were in there.
const queues = new Map<string, { target: RelayTarget; records: SpanRecord[] }>()

/** Where spans started in this context are sent; nowhere where no traced task runs. */
export function relayOf(context: Context): RelayTarget | undefined {
  return context.getValue(RELAY) as RelayTarget | undefined
}

export function withRelay(context: Context, target: RelayTarget): Context {
  return contextWith(context, RELAY, target)
}

/** More are handed over before the task is done, so that a long one does not keep them all. */
const MAX_WAITING = 512

/** Keeps a finished span until its task is done, or until the end of this turn for one that outlives its task. */
export function relay(target: RelayTarget, record: SpanRecord): void {
  let queue = queues.get(target.channel)
  if (!queue) queues.set(target.channel, (queue = { target, records: [] }))
  queue.target = target
  if (queue.records.push(record) === 1) queueMicrotask(flushSpans)
  else if (queue.records.length >= MAX_WAITING) flushSpans()
}

/**
 * Hands all finished spans over. From then on they are the listening thread's: ending this thread cannot lose them. What
 * that thread has no room for, because it is busy, is dropped and counted.
 */
export function flushSpans(): void {
  for (const [channel, queue] of queues) {
    const { target, records } = queue
    if (records.length === 0) continue
    queue.records = []
    try {
      if (channel === IPC) process.send?.({ cmd: IPC_COMMAND, records })
      else send(target, records)
    } catch (error) {
      report('Sending the spans of a thread', error)
    }
  }
}

function send({ channel, counters }: RelayTarget, records: SpanRecord[]): void {
  if (counters && !takeRoom(counters, records.length)) return
  const rows = records.map(toRow)
  laneTo(channel).postMessage(counters ? ({ counted: true, rows } satisfies CountedRows) : rows)
}
