import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { toTestSpan, type TestSpan } from './span.ts'

type Started = Pick<ReadableSpan, 'name' | 'spanContext' | 'parentSpanContext'>

/** Keeps every span that was started, tells which never ended, and wakes whoever waits for one. */
export class Recorder implements SpanProcessor {
  #finished: TestSpan[] = []
  readonly #open = new Map<string, Started>()
  readonly #remoteParents = new Set<string>()
  readonly #waiting = new Set<() => void>()

  onStart(span: Started): void {
    this.#open.set(span.spanContext().spanId, span)
    if (span.parentSpanContext?.isRemote) this.#remoteParents.add(span.parentSpanContext.spanId)
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span.spanContext().spanId)
    this.#finished.push(toTestSpan(span))
    for (const wake of this.#waiting) wake()
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }

  spans(): TestSpan[] {
    return [...this.#finished]
  }

  unended(): string[] {
    return [...this.#open.values()].map((span) => span.name)
  }

  /** Parents that a carrier brought: their spans may be somebody else's. */
  remoteParents(): ReadonlySet<string> {
    return this.#remoteParents
  }

  reset(): void {
    this.#finished = []
    this.#open.clear()
  }

  /** Resolves when `condition` holds; looked at again whenever a span ends, never by polling. */
  waitFor<T>(condition: (spans: TestSpan[]) => T, timeoutMs: number): Promise<NonNullable<T>> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        settle()
      }
      const timer = setTimeout(() => {
        const seen = this.#finished.map((span) => span.name).join(', ') || 'none'
        const open = this.unended().join(', ') || 'none'
        const text = `waited ${timeoutMs} ms for spans; ended: ${seen}; still open: ${open}`
        finish(() => reject(new Error(text)))
      }, timeoutMs)
      const look = (): void => {
        const value = condition(this.spans())
        if (value) finish(() => resolve(value))
      }
      this.#waiting.add(look)
      look()
    })
  }
}
