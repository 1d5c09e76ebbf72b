import type { SentMessage } from './client.ts'
import { withoutContext } from './context-headers.ts'
import { canCarry, type Carry } from './outgoing.ts'
import type { KafkaTracing } from './options.ts'
import { shallowCopy } from './shallow-copy.ts'
import type { RunningSend } from './topic-send.ts'

/** Writes the context of each send into copies of its messages, one after the other, and keeps what became of them. */
export class ContextCarrier {
  /** The very objects that the library is given, by topic and in order; nothing where no one asks for them. */
  readonly sent: Map<string, SentMessage[]> = new Map<string, SentMessage[]>()
  readonly #tracing: KafkaTracing
  readonly #sends = new Map<string, RunningSend>()
  readonly #next = new Map<string, number>()

  constructor(tracing: KafkaTracing, sends: readonly RunningSend[]) {
    this.#tracing = tracing
    for (const send of sends) this.#sends.set(send.description.destination, send)
  }

  /** Whether there is anything to carry, such as not with no SDK registered. */
  get carries(): boolean {
    for (const { fields, created } of this.#sends.values()) {
      if (hasField(fields) || created?.some((one) => one && hasField(one.fields))) return true
    }
    return false
  }

  readonly carry: Carry = (topic, message) => {
    const send = this.#sends.get(topic)
    if (!send) return message
    const at = this.#next.get(topic) ?? 0
    this.#next.set(topic, at + 1)
    const sent = this.#withContext(send, message, at)
    if (this.#tracing.capturePlacement) {
      const all = this.sent.get(topic)
      if (all) all.push(sent)
      else this.sent.set(topic, [sent])
    }
    return sent
  }

  #withContext(send: RunningSend, message: SentMessage, at: number): SentMessage {
    const carried = send.carried?.[at]
    if (carried?.keeps || !canCarry(message.headers)) return message
    const fields = send.created?.[at]?.fields ?? send.fields
    const copy = shallowCopy(message) as { headers?: unknown } & SentMessage
    // Also what the old context had and the new one has not: its trace state, its baggage.
    const kept = carried
      ? withoutContext(message.headers, this.#tracing.propagator.fields())
      : message.headers
    copy.headers = { ...kept, ...fields }
    return copy
  }
}

function hasField(fields: object): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return true
  return false
}
