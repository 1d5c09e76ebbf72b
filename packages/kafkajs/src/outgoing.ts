import type { SentMessage, TopicMessages } from './client.ts'
import { shallowCopy } from './shallow-copy.ts'
import type { RunningSend } from './topic-send.ts'

/** What `send` or `sendBatch` was given, as far as tracing has to understand it. */
export interface Outgoing {
  readonly entries: readonly TopicMessages[]
  /** The same call with the context in its messages: copies, so that the caller's objects stay as they are. */
  readonly withContext: (sends: ReadonlyMap<string, RunningSend>) => unknown
}

/** Reads the argument of `send`; `undefined` where kafkajs would reject it or has nothing to send. */
export function readRecord(record: unknown): Outgoing | undefined {
  if (!isTopicMessages(record)) return undefined
  return { entries: [record], withContext: (sends) => carry(record, sends) }
}

/** Reads the argument of `sendBatch`; `undefined` where kafkajs would reject it or has nothing to send. */
export function readBatch(batch: unknown): Outgoing | undefined {
  const entries = (batch as { topicMessages?: unknown } | null | undefined)?.topicMessages
  if (!Array.isArray(entries) || entries.length === 0) return undefined
  if (!entries.every(isTopicMessages)) return undefined
  return {
    entries,
    withContext: (sends) => ({
      ...shallowCopy(batch as object),
      topicMessages: entries.map((entry) => carry(entry, sends)),
    }),
  }
}

// A message without a value is rejected with its JSON in the error's text, which is not for a span to keep.
function isTopicMessages(entry: unknown): entry is TopicMessages {
  if (typeof entry !== 'object' || entry === null) return false
  const { topic, messages } = entry as { topic?: unknown; messages?: unknown }
  if (typeof topic !== 'string' || topic === '') return false
  if (!Array.isArray(messages) || messages.length === 0) return false
  return messages.every(
    (message: SentMessage | null | undefined) =>
      typeof message === 'object' && message !== null && message.value !== undefined,
  )
}

function carry(entry: TopicMessages, sends: ReadonlyMap<string, RunningSend>): TopicMessages {
  const send = sends.get(entry.topic)
  if (!send) return entry
  const messages = entry.messages.map((message) => withFields(message, send))
  return { ...shallowCopy(entry), messages }
}

function withFields(message: SentMessage, { carriers, fields }: RunningSend): SentMessage {
  const { headers } = message
  if (carriers.has(message) || !canCarry(headers)) return message
  return { ...shallowCopy(message), headers: { ...headers, ...fields } }
}

// Anything else is kafkajs's to reject.
function canCarry(headers: unknown): headers is object | undefined {
  return (
    headers === undefined ||
    (typeof headers === 'object' && !Array.isArray(headers) && headers !== null)
  )
}
