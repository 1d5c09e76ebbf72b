// Imported for its effect: in a test, or in `setupFilesAfterEnv`.
import { matchers } from './matchers/matchers.ts'
import type { TraceMatchers } from './matchers/trace-matchers.ts'

export type { Carrier } from './matchers/carried-context.ts'
export type { ExpectedSpan } from './matchers/matchers.ts'
export type { TraceMatchers } from './matchers/trace-matchers.ts'

declare global {
  namespace jest {
    // `T` is unused, but declarations merge only with the same type parameters.
    interface Matchers<R, T = {}> extends TraceMatchers<R> {}
  }
}

interface Expect {
  extend(matchers: object): void
}

const { expect } = globalThis as { expect?: Expect }
if (!expect) {
  throw new Error(
    '@throughline/testing/jest: there is no global `expect`; with `injectGlobals: false`, set it first: ' +
      "globalThis.expect = require('@jest/globals').expect",
  )
}
expect.extend(matchers)
