import { channel as diagnosticsChannel } from 'node:diagnostics_channel'
import {
  BroadcastChannel,
  receiveMessageOnPort,
  threadId,
  type MessagePort,
} from 'node:worker_threads'
import { runDetached } from '@throughline/core'
import { SPAN_RECORD_CHANNEL, report, type SpanRecord } from '@throughline/core/integration'

// On the global object, so that the ESM and the CommonJS copy of this package listen once between them.
const kListener = Symbol.for('@throughline/worker/threads.listener.v1')
const holder = globalThis as { [kListener]?: BroadcastChannel }

const NAME = `throughline:span-record:v1:${process.pid}:${threadId}`
const records = diagnosticsChannel(SPAN_RECORD_CHANNEL)

/**
 * The name of the channel on which this thread takes in the spans of others. Listening starts with the first call and
 * never keeps the process alive.
 */
export function spanChannel(): string {
  try {
    holder[kListener] ??= runDetached(listen)
  } catch (error) {
    report('Listening to the spans of threads', error)
  }
  return NAME
}

/**
 * Takes in, at once, all spans that threads have handed over: a result may arrive a moment before the spans of its task.
 * Call it before you shut the SDK down, where the last results were awaited just before.
 */
export function collectThreadSpans(): void {
  // Node takes either kind here; its types know only ports.
  const channel = holder[kListener] as unknown as MessagePort | undefined
  if (!channel) return
  for (let next = receiveMessageOnPort(channel); next; next = receiveMessageOnPort(channel)) {
    publish(next.message)
  }
}

function listen(): BroadcastChannel {
  const channel = new BroadcastChannel(NAME)
  channel.addEventListener('message', ({ data }: Event & { readonly data?: unknown }) => {
    publish(data)
  })
  channel.addEventListener('messageerror', (error) => report('Reading the spans of threads', error))
  channel.unref()
  return channel
}

function publish(data: unknown): void {
  if (!Array.isArray(data)) return
  for (const record of data as SpanRecord[]) if (record?.v === 1) records.publish(record)
}
