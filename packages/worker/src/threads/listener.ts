import { channel as diagnosticsChannel } from 'node:diagnostics_channel'
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { runDetached } from '@throughline/core'
import {
  SPAN_RECORD_CHANNEL,
  report,
  warnOnce,
  type SpanRecord,
} from '@throughline/core/integration'
import { drain, laneNames } from './lane.ts'
import { createCounters, droppedOf, giveRoom, type RelayCounters } from './relay-counters.ts'
import type { CountedRows, RelayTarget } from './relay.ts'
import { fromRow } from './span-row.ts'

// On the global object, so that the ESM and the CommonJS copy of this package listen once between them.
const kListener = Symbol.for('@throughline/worker/threads.listener.v3')
const holder = globalThis as {
  [kListener]?: { readonly lanes: readonly BroadcastChannel[]; readonly counters: RelayCounters }
}

const NAME = `throughline:span-record:v2:${process.pid}:${threadId}`
const records = diagnosticsChannel(SPAN_RECORD_CHANNEL)

/**
 * Where this thread takes in the spans of others. Listening starts with the first call and
 * never keeps the process alive.
 */
export function spanTarget(): RelayTarget {
  try {
    holder[kListener] ??= runDetached(listen)
  } catch (error) {
    report('Listening to the spans of threads', error)
  }
  return { channel: NAME, counters: holder[kListener]?.counters }
}

/**
 * Takes in, at once, all spans that threads have handed over: a result may arrive a moment before the spans of its task.
 * Call it before you shut the SDK down, where the last results were awaited just before.
 */
export function collectThreadSpans(): void {
  for (const lane of holder[kListener]?.lanes ?? []) drain(lane, publish)
}

/**
 * How many spans of threads were dropped so far, because this thread was too busy to take them in: what is on its way is
 * bounded.
 */
export function droppedThreadSpans(): number {
  const listener = holder[kListener]
  return listener ? droppedOf(listener.counters) : 0
}

function listen(): NonNullable<(typeof holder)[typeof kListener]> {
  return { lanes: laneNames(NAME).map(listenTo), counters: createCounters() }
}

function listenTo(name: string): BroadcastChannel {
  const lane = new BroadcastChannel(name)
  lane.addEventListener('message', ({ data }: Event & { readonly data?: unknown }) => publish(data))
  lane.addEventListener('messageerror', (error) => report('Reading the spans of threads', error))
  lane.unref()
  return lane
}

function publish(data: unknown): void {
  if (isCounted(data)) {
    const { counters } = holder[kListener]!
    giveRoom(counters, data.rows.length)
    if (droppedOf(counters) > 0) warnOnce('Spans of threads were dropped: this one was too busy')
    return publishRecords(data.rows.map(fromRow))
  }
  if (Array.isArray(data)) publishRecords(data.map(fromRow))
}

/** Passes finished spans on to the SDK. What is no record of a known version is ignored. */
export function publishRecords(list: readonly unknown[]): void {
  for (const record of list as SpanRecord[]) if (record?.v === 1) records.publish(record)
}

function isCounted(data: unknown): data is CountedRows {
  return (
    typeof data === 'object' &&
    data !== null &&
    (data as { counted?: unknown }).counted === true &&
    Array.isArray((data as CountedRows).rows)
  )
}
