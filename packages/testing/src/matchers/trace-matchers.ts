import type { TestSpan } from '../span.ts'
import type { Carrier } from './carried-context.ts'
import type { ExpectedSpan } from './matchers.ts'

/** The matchers as they are written behind `expect(…)`. */
export interface TraceMatchers<R> {
  /** At least one span of a `TestTracing`, or of a list of spans, has everything that is expected. */
  toHaveSpan(expected: ExpectedSpan): R
  /** A span is a direct child of the other. */
  toBeChildOf(parent: TestSpan): R
  /** A span has a link to the other. */
  toBeLinkedTo(target: TestSpan): R
  /**
   * The spans, as a tree without ids, times and ports, are this text. How far the text is indented as a whole, and empty
   * lines around it, do not matter.
   */
  toMatchTraceTree(expected: string): R
  /**
   * A span, or every span of HTTP or messaging in a `TestTracing` or a list, keeps the semantic conventions: required
   * attributes, kind, name, status. Fails where none is of either.
   */
  toConformToSemconv(): R
  /** Headers, or whatever carries a context, hold that of this span in `traceparent`, and no other. */
  toHavePropagated(carrier: Carrier): R
}
