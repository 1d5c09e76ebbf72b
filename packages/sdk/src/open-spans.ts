import type { ReadableSpan } from '@opentelemetry/sdk-trace'

const kSlot: unique symbol = Symbol('slot')

type Slotted = ReadableSpan & { [kSlot]?: number | undefined }

/**
 * The spans that were started and have not ended, a limited number of them.
 *
 * In slots that are used again, and not in a Set: one that entries come and go in leaves a chain of its old tables to the
 * next full collection of garbage, and with them nearly every span that was in there.
 */
export class OpenSpans {
  readonly #slots: (ReadableSpan | undefined)[] = []
  readonly #free: number[] = []
  readonly #limit: number

  /** @param limit - the application holds its open spans anyway; beyond this many they are not */
  constructor(limit: number) {
    this.#limit = limit
  }

  get names(): string[] {
    return this.#slots.flatMap((span) => (span ? [span.name] : []))
  }

  add(span: Slotted): void {
    const slot = this.#free.pop() ?? this.#slots.length
    if (slot >= this.#limit) return
    this.#slots[slot] = span
    span[kSlot] = slot
  }

  delete(span: Slotted): void {
    const slot = span[kSlot]
    if (slot === undefined || this.#slots[slot] !== span) return
    this.#slots[slot] = undefined
    this.#free.push(slot)
  }
}
