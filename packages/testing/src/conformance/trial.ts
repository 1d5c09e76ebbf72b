import assert from 'node:assert/strict'
import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  trace,
  type Attributes,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'
import { SamplingDecision, type Sampler } from '@opentelemetry/sdk-trace'
import type { TestSpan } from '../span.ts'
import { createTestTracing, type TestTracing } from '../test-tracing.ts'
import type { Entry, EntryAdapter, EntryOptions } from './adapter.ts'

/** What a handler saw when a piece of work reached it. */
export interface Seen {
  readonly id: string
  readonly active: SpanContext | undefined
}

/** What a sampler saw when an entry span was to be made. */
export interface Asked {
  readonly name: string
  readonly kind: keyof typeof SpanKind
  readonly attributes: Attributes
}

/** The error of work that is to fail. Its class is what `error.type` may say. */
export class WorkFailed extends Error {
  override readonly name = 'WorkFailed'
}

/** The scope of the spans that handlers make. */
export const WORK = 'work'

type Carrier = Parameters<Entry['send']>[1]

/** One integration, started with tracing of its own, for one case. */
export class Trial {
  readonly tracing: TestTracing
  readonly seen: Seen[] = []
  readonly asked: Asked[] = []
  readonly #adapter: EntryAdapter
  readonly #timeoutMs: number
  #entry: Entry | undefined

  constructor(adapter: EntryAdapter, sampled = true) {
    this.#adapter = adapter
    this.#timeoutMs = adapter.timeoutMs ?? 3000
    this.tracing = createTestTracing({ global: false, sampler: this.#sampler(sampled) })
  }

  /** Starts the integration, from inside `from`, with the suite's options and these. */
  async start(options: Partial<EntryOptions> = {}, from: Context = ROOT_CONTEXT): Promise<void> {
    const { tracerProvider, propagator } = this.tracing
    const all = { tracerProvider, propagator, ...options }
    this.#entry = await context.with(from, async () =>
      this.#adapter.start(all, (id) => this.#handle(id)),
    )
  }

  /** Hands in work; an id that starts with `fail` fails. Resolves when it was handled. */
  async send(id: string, carrier: Carrier = {}, from: Context = ROOT_CONTEXT): Promise<void> {
    const sent = context.with(from, () => this.#entry!.send(id, carrier))
    // A sender may be told of the failure or not; what the handler saw decides.
    await within(this.#timeoutMs, sent, `"${id}" to be handled`).catch((error: unknown) => {
      if (error instanceof TimeoutError || !id.startsWith('fail')) throw error
    })
    assert.ok(
      this.seen.some((seen) => seen.id === id),
      `the work "${id}" never reached its handler`,
    )
  }

  /** Waits until all spans have ended, so many entry spans among them, and answers the entry spans. */
  async entrySpans(count: number): Promise<TestSpan[]> {
    await this.tracing
      .waitFor(
        () => this.#entries().length >= count && this.tracing.unended().length === 0,
        this.#timeoutMs,
      )
      .catch(() => {})
    assert.deepEqual(this.tracing.unended(), [], `spans never ended; so far:\n${this.#tree()}`)
    assert.deepEqual(this.tracing.endedTwice(), [], 'spans were ended more than once')
    const entries = this.#entries()
    assert.equal(entries.length, count, `expected ${count} entry spans, got:\n${this.#tree()}`)
    return entries
  }

  async entrySpan(): Promise<TestSpan> {
    return (await this.entrySpans(1))[0]!
  }

  /** No span at all was started, not even by the handler. */
  expectNoSpans(): void {
    assert.deepEqual(this.tracing.unended(), [], 'a span was started')
    assert.equal(this.#tree(), '', 'a span was made')
  }

  async stop(): Promise<void> {
    await this.#entry?.stop()
    await this.tracing.shutdown()
  }

  /** The span that a handler made, by the id of its work. */
  workSpan(id: string): TestSpan {
    return this.tracing.span(`work ${id}`)
  }

  // A child of whatever is active, around a turn of the event loop, as any handler of a user would make.
  async #handle(id: string): Promise<void> {
    this.seen.push({ id, active: trace.getSpanContext(context.active()) })
    const span = this.tracing.tracerProvider.getTracer(WORK).startSpan(`work ${id}`)
    await new Promise((resolve) => setImmediate(resolve))
    span.end()
    if (id.startsWith('fail')) throw new WorkFailed('the work is to fail')
  }

  #entries(): TestSpan[] {
    return this.tracing
      .spans()
      .filter((span) => span.kind === this.#adapter.span.kind && span.scope.name !== WORK)
  }

  #tree(): string {
    return this.tracing.tree()
  }

  #sampler(sampled: boolean): Sampler {
    return {
      shouldSample: (_context, _traceId, name, kind, attributes) => {
        this.asked.push({
          name,
          kind: SpanKind[kind] as Asked['kind'],
          attributes: { ...attributes },
        })
        const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision
        return { decision: sampled ? RECORD_AND_SAMPLED : NOT_RECORD }
      },
      toString: () => 'conformance',
    }
  }
}

class TimeoutError extends Error {}

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`waited ${ms} ms for ${what}`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
