import type { StoredSpan, StoredTrace } from './stored-span.ts'

/** How much a {@link TraceStore} keeps. */
export interface TraceStoreOptions {
  /**
   * Traces to keep; the one that arrived first goes first.
   * @defaultValue 1000
   */
  readonly maxTraces?: number
  /**
   * Spans to keep in all traces together.
   * @defaultValue 100_000
   */
  readonly maxSpans?: number
}

/** How long {@link TraceStore.waitFor} waits. */
export interface WaitOptions {
  /**
   * Milliseconds until the promise is rejected.
   * @defaultValue 5000
   */
  readonly timeoutMs?: number
}

type Falsy = false | 0 | '' | null | undefined

/**
 * Keeps the latest traces in memory, within bounds.
 *
 * A span that arrives twice (an exporter retried) replaces its first copy. When a bound is reached the
 * oldest traces are dropped whole; one trace larger than `maxSpans` keeps its first spans.
 */
export class TraceStore {
  readonly #maxTraces: number
  readonly #maxSpans: number
  /** Span by id within trace by id; maps keep the order of arrival. */
  readonly #traces = new Map<string, Map<string, StoredSpan>>()
  /** Ids of the traces that link to a trace. */
  readonly #linkedFrom = new Map<string, Set<string>>()
  readonly #listeners = new Set<(traceIds: ReadonlySet<string>) => void>()
  #size = 0
  #dropped = 0

  constructor(options: TraceStoreOptions = {}) {
    this.#maxTraces = limit('maxTraces', options.maxTraces ?? 1000)
    this.#maxSpans = limit('maxSpans', options.maxSpans ?? 100_000)
  }

  /** Spans held now. */
  get size(): number {
    return this.#size
  }

  /** Spans that were dropped to stay within the bounds. */
  get dropped(): number {
    return this.#dropped
  }

  /** Adds spans and tells those who listen, once for all of them. */
  add(spans: Iterable<StoredSpan>): void {
    const changed = new Set<string>()
    for (const span of spans) {
      this.#addOne(span)
      changed.add(span.traceId)
    }
    if (changed.size === 0) return
    for (const listener of this.#listeners) listener(changed)
  }

  /** The spans of a trace by start time; empty if the trace is not held. */
  trace(traceId: string): StoredSpan[] {
    const spans = this.#traces.get(traceId)?.values() ?? []
    return [...spans].toSorted((a, b) => a.startMs - b.startMs)
  }

  /** All traces in order of arrival. */
  traces(): StoredTrace[] {
    return this.#select(this.#traces.keys())
  }

  /** All spans, trace by trace. */
  *spans(): Generator<StoredSpan, void, undefined> {
    for (const trace of this.#traces.values()) yield* trace.values()
  }

  /** The other traces with a span that links to a span of this trace, in order of arrival of the links. */
  linkedFrom(traceId: string): StoredTrace[] {
    return this.#select(this.#linkedFrom.get(traceId) ?? [])
  }

  /** The other traces that the spans of this trace link to, as far as they are held. */
  linkedTo(traceId: string): StoredTrace[] {
    const links = this.trace(traceId).flatMap((span) => span.links)
    const targets = new Set(links.map((link) => link.traceId))
    targets.delete(traceId)
    return this.#select(targets)
  }

  /**
   * Calls the listener after each {@link add} with the ids of the traces that changed.
   * Returns the function that stops it.
   */
  onAdd(listener: (traceIds: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Resolves with what the predicate returns as soon as that is truthy. The predicate runs now and after each
   * {@link add}; nothing polls. Rejects after `timeoutMs`, or with the error that the predicate throws.
   *
   * @example
   * const spans = await store.waitFor((s) => s.size >= 19 && [...s.spans()], { timeoutMs: 10_000 })
   */
  waitFor<T>(
    predicate: (store: TraceStore) => T,
    options: WaitOptions = {},
  ): Promise<Exclude<T, Falsy>> {
    const { timeoutMs = 5000 } = options
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer)
        unsubscribe()
      }
      const check = (): void => {
        try {
          const result = predicate(this)
          if (!result) return
          stop()
          resolve(result as Exclude<T, Falsy>)
        } catch (error) {
          stop()
          reject(error)
        }
      }
      const timer = setTimeout(() => {
        stop()
        const held = `${this.#traces.size} traces with ${this.#size} spans are held`
        reject(new Error(`waitFor: the condition did not hold within ${timeoutMs} ms; ${held}`))
      }, timeoutMs)
      const unsubscribe = this.onAdd(check)
      check()
    })
  }

  #addOne(span: StoredSpan): void {
    const trace = this.#traces.get(span.traceId) ?? new Map<string, StoredSpan>()
    if (!trace.has(span.spanId)) {
      while (this.#size >= this.#maxSpans && this.#dropOldest(span.traceId)) continue
      if (this.#size >= this.#maxSpans) {
        this.#dropped += 1
        return
      }
      this.#size += 1
    }
    trace.set(span.spanId, span)
    this.#traces.set(span.traceId, trace)
    this.#indexLinks(span)
    if (this.#traces.size > this.#maxTraces) this.#dropOldest(span.traceId)
  }

  #indexLinks(span: StoredSpan): void {
    for (const { traceId } of span.links) {
      if (traceId === span.traceId) continue
      const sources = this.#linkedFrom.get(traceId) ?? new Set()
      this.#linkedFrom.set(traceId, sources.add(span.traceId))
    }
  }

  /** Drops the trace that arrived first, except the one being added to; false if there is none. */
  #dropOldest(except: string): boolean {
    for (const [traceId, trace] of this.#traces) {
      if (traceId === except) continue
      this.#traces.delete(traceId)
      this.#size -= trace.size
      this.#dropped += trace.size
      for (const span of trace.values()) this.#forgetLinks(span)
      return true
    }
    return false
  }

  #forgetLinks(span: StoredSpan): void {
    for (const { traceId } of span.links) {
      const sources = this.#linkedFrom.get(traceId)
      sources?.delete(span.traceId)
      if (sources?.size === 0) this.#linkedFrom.delete(traceId)
    }
  }

  #select(traceIds: Iterable<string>): StoredTrace[] {
    return Array.from(traceIds, (traceId) => ({ traceId, spans: this.trace(traceId) })).filter(
      (trace) => trace.spans.length > 0,
    )
  }
}

function limit(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new TypeError(`TraceStore: option "${name}" must be a positive integer, got ${value}`)
}
