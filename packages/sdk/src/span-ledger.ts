import type { Context } from '@opentelemetry/api'
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace'
import { report } from '@throughline/core/integration'
import { OpenSpans } from './open-spans.ts'

/** What became of all spans so far. */
export interface SpanCounts {
  readonly started: number
  readonly ended: number
  /** Started and not ended. After the work of a process is done, each is a leak. */
  readonly unended: number
}

/** Beyond this many, open spans are counted and no longer named. */
const MAX_NAMED = 1000

/**
 * Keeps the books of started and ended spans, hands them on to the next processors, and contains what those throw: a
 * faulty processor must not reach the code that ends a span.
 */
export class SpanLedger implements SpanProcessor {
  readonly #next: readonly SpanProcessor[]
  readonly #open = new OpenSpans(MAX_NAMED)
  #started = 0
  #ended = 0

  constructor(next: readonly SpanProcessor[]) {
    this.#next = next
  }

  get counts(): SpanCounts {
    const [started, ended] = [this.#started, this.#ended]
    return { started, ended, unended: started - ended }
  }

  /** The names of open spans, the first `MAX_NAMED` of them. */
  get openSpans(): string[] {
    return this.#open.names
  }

  onStart(span: Span, parent: Context): void {
    this.#started++
    this.#open.add(span)
    for (const processor of this.#next) {
      try {
        processor.onStart(span, parent)
      } catch (fault) {
        report('A span processor', fault)
      }
    }
  }

  onEnding(span: Span): void {
    for (const processor of this.#next) {
      try {
        processor.onEnding?.(span)
      } catch (fault) {
        report('A span processor', fault)
      }
    }
  }

  onEnd(span: ReadableSpan): void {
    this.#ended++
    this.#open.delete(span)
    this.pass(span)
  }

  /** Hands on a finished span that was not started here, such as one of a worker thread. */
  pass(span: ReadableSpan): void {
    for (const processor of this.#next) {
      try {
        processor.onEnd(span)
      } catch (fault) {
        report('A span processor', fault)
      }
    }
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#next.map((processor) => processor.forceFlush()))
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#next.map((processor) => processor.shutdown()))
  }
}
