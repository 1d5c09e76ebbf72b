// Imported for its effect: `import '@throughline/testing/vitest'` in a test or in a set-up file.
import { expect } from 'vitest'
import { matchers, type ExpectedSpan } from './matchers.ts'
import type { TestSpan } from './span.ts'

export type { ExpectedSpan } from './matchers.ts'

declare module 'vitest' {
  // `T` is unused, but declarations merge only with the same type parameters.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** At least one span of a `TestTracing`, or of a list of spans, has everything that is expected. */
    toHaveSpan(expected: ExpectedSpan): R
    /** A span is a direct child of the other. */
    toBeChildOf(parent: TestSpan): R
    /** A span has a link to the other. */
    toBeLinkedTo(target: TestSpan): R
  }
}

expect.extend(matchers)
