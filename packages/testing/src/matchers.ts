import { neighboursOf } from './recorder.ts'
import type { TestSpan } from './span.ts'
import type { TestTracing } from './test-tracing.ts'
import { renderTree } from './tree.ts'

/** What a span must have at least; inside `attributes` and the like, only what is named counts. */
export type ExpectedSpan = {
  readonly [K in keyof TestSpan]?: TestSpan[K] extends object ? Partial<TestSpan[K]> : TestSpan[K]
}

/** The part of vitest's (and jest's) matcher state that is used here. */
interface MatcherState {
  readonly equals: (a: unknown, b: unknown, testers?: never[]) => boolean
  readonly utils: { readonly subsetEquality: unknown; stringify(value: unknown): string }
}

interface MatcherResult {
  readonly pass: boolean
  message(): string
}

/** At least one of the spans has everything that is expected. */
function toHaveSpan(
  this: MatcherState,
  received: TestTracing | readonly TestSpan[],
  expected: ExpectedSpan,
): MatcherResult {
  const spans = 'spans' in received ? received.spans() : received
  const testers = [this.utils.subsetEquality] as never[]
  return result(
    spans.some((span) => this.equals(span, expected, testers)),
    (not) => `expected ${not}a span that matches ${this.utils.stringify(expected)}`,
    spans,
  )
}

/** The span is a direct child of the other, in the same trace. */
function toBeChildOf(this: MatcherState, received: TestSpan, parent: TestSpan): MatcherResult {
  return result(
    received.traceId === parent.traceId && received.parentSpanId === parent.spanId,
    (not) => `expected "${received.name}" ${not}to be a child of "${parent.name}"`,
    neighboursOf(received),
  )
}

/** One of the span's links points to the other. */
function toBeLinkedTo(this: MatcherState, received: TestSpan, target: TestSpan): MatcherResult {
  return result(
    received.links.some(
      ({ traceId, spanId }) => traceId === target.traceId && spanId === target.spanId,
    ),
    (not) => `expected "${received.name}" ${not}to be linked to "${target.name}"`,
    neighboursOf(received),
  )
}

/** The matchers, as `expect.extend` takes them. */
export const matchers: {
  toHaveSpan: typeof toHaveSpan
  toBeChildOf: typeof toBeChildOf
  toBeLinkedTo: typeof toBeLinkedTo
} = { toHaveSpan, toBeChildOf, toBeLinkedTo }

function result(
  pass: boolean,
  what: (not: string) => string,
  spans: readonly TestSpan[],
): MatcherResult {
  return {
    pass,
    message: () => `${what(pass ? 'not ' : '')}, in:\n\n${renderTree(spans) || '(no spans)'}\n`,
  }
}
