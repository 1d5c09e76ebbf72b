import { AssertionError } from 'node:assert'
import { matchers, type ExpectedSpan, type MatcherResult, type Spans } from './matchers/matchers.ts'
import type { TraceMatchers } from './matchers/trace-matchers.ts'
import type { TestSpan } from './span.ts'

export type { Carrier } from './matchers/carried-context.ts'
export type { ExpectedSpan, Spans } from './matchers/matchers.ts'
export type { TraceMatchers } from './matchers/trace-matchers.ts'

/** The matchers of one value, and their opposites. */
export interface TraceExpectation extends TraceMatchers<void> {
  readonly not: TraceMatchers<void>
}

/**
 * What is expected of spans, for `node:test` and wherever there is no `expect`. What does not hold throws an
 * `AssertionError` whose message prints the tree.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * test('an order is priced', async () => {
 *   await placeOrder()
 *   expectTrace(tracing).toHaveSpan({ name: 'quote price' })
 * })
 * ```
 */
export function expectTrace(received: Spans | TestSpan): TraceExpectation {
  return { ...expectation(received, true), not: expectation(received, false) }
}

function expectation(received: Spans | TestSpan, expected: boolean): TraceMatchers<void> {
  const [spans, span] = [received as Spans, received as TestSpan]
  const check = ({ pass, message }: MatcherResult): void => {
    if (pass === expected) return
    throw new AssertionError({ message: message(), stackStartFn: check })
  }
  return {
    toHaveSpan: (wanted: ExpectedSpan) => check(matchers.toHaveSpan(spans, wanted)),
    toBeChildOf: (parent) => check(matchers.toBeChildOf(span, parent)),
    toBeLinkedTo: (target) => check(matchers.toBeLinkedTo(span, target)),
    toMatchTraceTree: (tree) => check(matchers.toMatchTraceTree(spans, tree)),
    toConformToSemconv: () => check(matchers.toConformToSemconv(received)),
    toHavePropagated: (carrier) => check(matchers.toHavePropagated(span, carrier)),
  }
}
