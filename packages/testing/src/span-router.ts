import { AsyncLocalStorage } from 'node:async_hooks'
import type { Recorder } from './recorder.ts'
import type { SdkSpan, SdkSpanProcessor } from './sdk.ts'

/**
 * Hands each span to the test that it belongs to. That is, in this order: the test that owns its trace; the one that owns
 * a trace it links to; the one that it was started in; else the whole set-up. A shared server or consumer that was started
 * outside the tests so serves all of them, as long as they send their context with what they send.
 */
export class SpanRouter implements SdkSpanProcessor {
  readonly #shared: Recorder
  readonly #recorders = new Set<Recorder>()
  readonly #owners = new Map<string, Recorder>()
  readonly #current = new AsyncLocalStorage<Recorder>()

  constructor(shared: Recorder) {
    this.#shared = shared
    this.#recorders.add(shared)
  }

  /** Runs `fn` as a test of its own. */
  run<T>(recorder: Recorder, fn: () => T): T {
    this.#recorders.add(recorder)
    return this.#current.run(recorder, fn)
  }

  /** Makes a trace one of this recorder's before it has any span. */
  claim(traceId: string, recorder: Recorder): void {
    this.#owners.set(traceId, recorder)
  }

  onStart(span: SdkSpan): void {
    const { traceId } = span.spanContext()
    const owner = this.#ownerOf(span)
    this.#owners.set(traceId, owner)
    owner.onStart(span)
  }

  onEnd(span: SdkSpan): void {
    this.#owners.get(span.spanContext().traceId)?.onEnd(span)
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    for (const recorder of this.#recorders) recorder.shutdown()
    return Promise.resolve()
  }

  #ownerOf(span: SdkSpan): Recorder {
    const owner = this.#owners.get(span.spanContext().traceId)
    if (owner) return owner
    for (const { context } of span.links) {
      const linked = this.#owners.get(context.traceId)
      if (linked) return linked
    }
    return this.#current.getStore() ?? this.#shared
  }
}
