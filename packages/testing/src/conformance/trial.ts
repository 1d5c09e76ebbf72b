import assert from 'node:assert/strict'
import { SpanKind, type Attributes } from '@opentelemetry/api'
import { departures } from '../matchers/semconv.ts'
import type { TestSampler } from '../sdk.ts'
import type { TestSpan } from '../span.ts'
import { createTestTracing, type TestTracing } from '../test-tracing.ts'

/** What a sampler saw when a span was to be made. */
export interface Asked {
  readonly name: string
  readonly kind: keyof typeof SpanKind
  readonly attributes: Attributes
}

/** The error of work that is to fail. Its class is what `error.type` may say. */
export class WorkFailed extends Error {
  override readonly name = 'WorkFailed'

  constructor() {
    super('the work is to fail')
  }
}

// The SDK's `SamplingDecision`, alike in 2.x and 3.x.
const NOT_RECORD = 0
const RECORD_AND_SAMPLED = 2

/** The scope of the spans that the suite makes itself. */
export const WORK = 'work'

/** One integration with tracing of its own, for one case. */
export abstract class Trial {
  readonly tracing: TestTracing
  readonly asked: Asked[] = []
  readonly timeoutMs: number
  readonly #kind: TestSpan['kind']

  constructor(kind: TestSpan['kind'], timeoutMs: number = 3000, sampled: boolean = true) {
    this.#kind = kind
    this.timeoutMs = timeoutMs
    this.tracing = createTestTracing({ global: false, sampler: this.#sampler(sampled) })
  }

  /** Waits until all spans have ended, so many of the integration's among them, and answers these. */
  async ended(count: number): Promise<TestSpan[]> {
    const { tracing } = this
    await tracing
      .waitFor(() => this.#own().length >= count && tracing.unended().length === 0, this.timeoutMs)
      .catch(() => {})
    assert.deepEqual(tracing.unended(), [], `spans never ended; so far:\n${tracing.tree()}`)
    assert.deepEqual(tracing.endedTwice(), [], 'spans were ended more than once')
    const own = this.#own()
    const expected = `expected ${count} spans of the kind ${this.#kind}`
    assert.equal(own.length, count, `${expected}, got:\n${tracing.tree()}`)
    return own
  }

  async endedOne(): Promise<TestSpan> {
    return (await this.ended(1))[0]!
  }

  /** No span at all was started. */
  expectNoSpans(): void {
    assert.deepEqual(this.tracing.unended(), [], 'a span was started')
    assert.equal(this.tracing.tree(), '', 'a span was made')
  }

  /** Success is neither the status ERROR nor an `error.type`. */
  expectSuccess(span: TestSpan): void {
    assert.notEqual(span.status, 'ERROR', 'a success was taken for an error')
    assert.equal(span.attributes['error.type'], undefined, 'a success has an error.type')
  }

  /** A failure is the status ERROR, an `error.type`, and the exception at most once in all spans. */
  expectFailure(span: TestSpan): void {
    assert.equal(span.status, 'ERROR', 'the failure left the span without status ERROR')
    const type = span.attributes['error.type']
    assert.ok(typeof type === 'string' && type !== '', 'the failed span has no error.type')
    const exceptions = this.tracing
      .spans()
      .flatMap((one) => one.events.filter((event) => event.name === 'exception'))
    assert.ok(exceptions.length <= 1, `the exception was recorded ${exceptions.length} times`)
  }

  /** Spans of HTTP and of messaging are named, and have the kind, attributes and status, as the conventions say. */
  expectConventions(spans: readonly TestSpan[]): void {
    for (const span of spans) {
      const found = departures(span) ?? []
      assert.deepEqual(found, [], `"${span.name}" departs from the semantic conventions`)
    }
  }

  /** The sampler was asked for a span of the integration's kind, by a name and with these attributes. */
  expectAsked(keys: readonly string[]): void {
    const asked = this.asked.find(({ kind }) => kind === this.#kind)
    assert.ok(asked?.name, 'the sampler was asked without a name')
    for (const key of keys) {
      assert.notEqual(asked.attributes[key], undefined, `the sampler was not told "${key}"`)
    }
  }

  #own(): TestSpan[] {
    return this.tracing
      .spans()
      .filter((span) => span.kind === this.#kind && span.scope.name !== WORK)
  }

  #sampler(sampled: boolean): TestSampler {
    return {
      shouldSample: (_context, _traceId, name, kind, attributes) => {
        this.asked.push({
          name,
          kind: SpanKind[kind] as Asked['kind'],
          attributes: { ...attributes },
        })
        return { decision: sampled ? RECORD_AND_SAMPLED : NOT_RECORD }
      },
      toString: () => 'conformance',
    }
  }
}

/** Work that took too long, as against work that failed. */
export class TimeoutError extends Error {}

/** Rejects with a `TimeoutError` when a promise takes longer. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
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
