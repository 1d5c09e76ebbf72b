// Imported for its effect: `import '@throughline/testing/vitest'` in a test or in a set-up file.
import { expect } from 'vitest'
import { matchers } from './matchers/matchers.ts'
import type { TraceMatchers } from './matchers/trace-matchers.ts'

export type { Carrier } from './matchers/carried-context.ts'
export type { ExpectedSpan } from './matchers/matchers.ts'
export type { TraceMatchers } from './matchers/trace-matchers.ts'

declare module 'vitest' {
  // `T` is unused, but declarations merge only with the same type parameters.
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends TraceMatchers<R> {}
}

expect.extend(matchers)
