import type { SentMessage, TopicMessages } from './client.ts'
import { shallowCopy } from './shallow-copy.ts'

/** What is sent in place of a message of the caller: a copy with other headers, or the message itself. */
export type Carry = (topic: string, message: SentMessage) => SentMessage

/** What `send` or `sendBatch` was given, as far as tracing has to understand it. */
export interface Outgoing {
  readonly entries: readonly TopicMessages[]
  /** The same call with other headers on its messages: copies, so that the caller's objects stay as they are. */
  readonly carrying: (carry: Carry) => unknown
}

/** Reads the argument of `send`; `undefined` where kafkajs would reject it or has nothing to send. */
export function readRecord(record: unknown): Outgoing | undefined {
  if (!isTopicMessages(record)) return undefined
  return { entries: [record], carrying: (carry) => carryEntry(record, carry) }
}

/** Reads the argument of `sendBatch`; `undefined` where kafkajs would reject it or has nothing to send. */
export function readBatch(batch: unknown): Outgoing | undefined {
  const entries = (batch as { topicMessages?: unknown } | null | undefined)?.topicMessages
  if (!Array.isArray(entries) || entries.length === 0) return undefined
  if (!entries.every(isTopicMessages)) return undefined
  return {
    entries,
    carrying: (carry) => ({
      ...shallowCopy(batch as object),
      topicMessages: entries.map((entry) => carryEntry(entry, carry)),
    }),
  }
}

/** Whether headers are a map, which fields can be added to. Anything else is kafkajs's to reject. */
export function canCarry(headers: unknown): headers is object | undefined {
  if (headers === undefined) return true
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers)
}

// A message without a value is rejected with its JSON in the error's text, which is not for a span to keep.
function isTopicMessages(entry: unknown): entry is TopicMessages {
  if (typeof entry !== 'object' || entry === null) return false
  const { topic, messages } = entry as { topic?: unknown; messages?: unknown }
  if (typeof topic !== 'string' || topic === '') return false
  if (!Array.isArray(messages) || messages.length === 0) return false
  for (const message of messages as (SentMessage | null | undefined)[]) {
    if (typeof message !== 'object' || message === null || message.value === undefined) return false
  }
  return true
}

function carryEntry(entry: TopicMessages, carry: Carry): TopicMessages {
  const messages: SentMessage[] = []
  let changed = false
  for (const message of entry.messages) {
    const sent = carry(entry.topic, message)
    if (sent !== message) changed = true
    messages.push(sent)
  }
  return changed ? { ...shallowCopy(entry), messages } : entry
}
