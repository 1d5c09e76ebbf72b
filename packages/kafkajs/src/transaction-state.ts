import type { Link } from '@opentelemetry/api'
import { BatchLinks } from '@throughline/core/messaging'
import type { RunningSend } from './topic-send.ts'

/** What was sent in a transaction, so that its commit or abort can say what it was about. */
export class TransactionState {
  #open = false
  #topics = new Set<string>()
  #links = new BatchLinks()

  open(): void {
    this.#open = true
    this.#topics = new Set()
    this.#links = new BatchLinks()
  }

  note(sends: readonly RunningSend[]): void {
    if (!this.#open) return
    for (const { operation, description } of sends) {
      this.#topics.add(description.destination)
      this.#links.add(operation.context)
    }
  }

  /** The one topic that it was about. */
  get topic(): string | undefined {
    return this.#topics.size === 1 ? this.#topics.values().next().value : undefined
  }

  get links(): Link[] {
    return [...this.#links.links]
  }
}
