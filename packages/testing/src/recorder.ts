import type { TimeInput } from '@opentelemetry/api'
import type { SdkSpan } from './sdk.ts'
import { toTestSpan, type TestSpan } from './span.ts'

interface Started extends SdkSpan {
  end: (endTime?: TimeInput) => void
}

interface Waiting {
  look(): void
  giveUp(why: string): void
}

const neighbours = new WeakMap<TestSpan, () => TestSpan[]>()

/** All finished spans of the tracing that a span came from; the span alone where that is not known. */
export function neighboursOf(span: TestSpan): TestSpan[] {
  return neighbours.get(span)?.() ?? [span]
}

/** Keeps every span that was started, tells which never ended or ended twice, and wakes whoever waits for one. */
export class Recorder {
  #finished: TestSpan[] = []
  #endedTwice: string[] = []
  #started = 0
  readonly #open = new Map<string, { readonly span: Started; readonly order: number }>()
  // Both outlive a reset, so that a child which ends after it is not taken for an orphan.
  readonly #endedIds = new Set<string>()
  readonly #remoteParents = new Set<string>()
  readonly #waiting = new Set<Waiting>()

  /** How many spans were started, ever. */
  get started(): number {
    return this.#started
  }

  onStart(started: SdkSpan): void {
    const span = started as Started
    this.#open.set(span.spanContext().spanId, { span, order: this.#started++ })
    if (span.parentSpanContext?.isRemote) this.#remoteParents.add(span.parentSpanContext.spanId)
    this.#countEnds(span)
    this.#wake()
  }

  onEnd(span: SdkSpan): void {
    const { spanId } = span.spanContext()
    this.#endedIds.add(spanId)
    // A span from before a reset is forgotten, also when it ends after it.
    const open = this.#open.get(spanId)
    if (!open) return
    this.#open.delete(spanId)
    const finished = toTestSpan(span, open.order)
    neighbours.set(finished, () => this.spans())
    this.#finished.push(finished)
    this.#wake()
  }

  /** Rejects what still waits. */
  shutdown(): void {
    for (const waiting of this.#waiting) waiting.giveUp('tracing was shut down while waiting')
  }

  spans(): TestSpan[] {
    return [...this.#finished]
  }

  /** Whether a span of the trace, or of any, has not ended. */
  isOpen(traceId: string | undefined): boolean {
    if (traceId === undefined) return this.#open.size > 0
    return [...this.#open.values()].some(({ span }) => span.spanContext().traceId === traceId)
  }

  unended(): string[] {
    return [...this.#open.values()].map(({ span }) => span.name)
  }

  endedTwice(): string[] {
    return [...this.#endedTwice]
  }

  orphans(): TestSpan[] {
    return this.#finished.filter(
      ({ parentSpanId: id }) => id && !this.#endedIds.has(id) && !this.#remoteParents.has(id),
    )
  }

  reset(): void {
    this.#finished = []
    this.#endedTwice = []
    this.#open.clear()
  }

  /** Resolves when `condition` holds; looked at again whenever a span starts or ends, never by polling. */
  waitFor<T>(condition: (spans: TestSpan[]) => T, timeoutMs: number): Promise<NonNullable<T>> {
    const found = new Promise<NonNullable<T>>((resolve, reject) => {
      let cause: unknown
      const stop = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(waiting)
      }
      const waiting: Waiting = {
        look: () => {
          const value = attempt(condition, this.spans(), (error) => (cause = error))
          if (!value) return
          stop()
          resolve(value)
        },
        giveUp: (why) => {
          stop()
          reject(new Error(`${why}; ${this.#summary()}`, cause === undefined ? {} : { cause }))
        },
      }
      const timer = setTimeout(() => waiting.giveUp(`waited ${timeoutMs} ms for spans`), timeoutMs)
      this.#waiting.add(waiting)
      waiting.look()
    })
    // Often made before the work and awaited after it. When the work throws first, that error is the one to show.
    found.catch(() => {})
    return found
  }

  // The SDK ignores a second end, so it is counted here, where it is called.
  #countEnds(span: Started): void {
    const end = span.end
    let ended = false
    span.end = (endTime) => {
      if (ended) this.#endedTwice.push(span.name)
      ended = true
      end.call(span, endTime)
    }
  }

  #wake(): void {
    for (const waiting of this.#waiting) waiting.look()
  }

  #summary(): string {
    const ended = this.#finished.map((span) => span.name).join(', ') || 'none'
    return `ended: ${ended}; still open: ${this.unended().join(', ') || 'none'}`
  }
}

// A condition may throw (an assertion, `tracing.span`) while what it waits for is not there; that only means "not yet".
function attempt<T>(
  condition: (spans: TestSpan[]) => T,
  spans: TestSpan[],
  onThrow: (error: unknown) => void,
): T | undefined {
  try {
    return condition(spans)
  } catch (error) {
    onThrow(error)
    return undefined
  }
}
