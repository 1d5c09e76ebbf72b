import type { EntryAdapter, EntryCaseId } from './adapter.ts'
import { CHECKS } from './cases.ts'
import { Trial } from './trial.ts'

/** One point of the contract, ready to run: `run` rejects where the integration does not keep it. */
export interface ConformanceCase {
  readonly id: EntryCaseId
  readonly title: string
  /** Why the case does not apply, where the adapter says so. */
  readonly except: string | undefined
  readonly run: () => Promise<void>
}

/** The part of vitest, or of `node:test`, that cases are registered with. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: ((name: string, body: () => Promise<void>) => unknown) & {
    readonly skip: (name: string, body: () => Promise<void>) => unknown
  }
}

/** The cases of the contract for one integration. Each starts it anew, with tracing of its own, and stops it. */
export function conformanceCases(adapter: EntryAdapter): ConformanceCase[] {
  const ids = Object.keys(CHECKS) as EntryCaseId[]
  return ids.map((id) => ({
    id,
    title: CHECKS[id].title,
    except: adapter.except?.[id],
    run: () => runCase(adapter, id),
  }))
}

/**
 * Registers the contract of an integration as tests.
 *
 * @example
 * ```ts
 * import { describe, test } from 'vitest'
 * describeConformance(adapter, { describe, test })
 * ```
 */
export function describeConformance(adapter: EntryAdapter, { describe, test }: TestRunner): void {
  describe(`${adapter.name} keeps the contract of an integration: it`, () => {
    for (const { title, except, run } of conformanceCases(adapter)) {
      if (except === undefined) test(title, run)
      else test.skip(`${title} (${except})`, run)
    }
  })
}

async function runCase(adapter: EntryAdapter, id: EntryCaseId): Promise<void> {
  const { run, sampled } = CHECKS[id]
  const trial = new Trial(adapter, sampled)
  try {
    await run(trial, adapter)
  } finally {
    await trial.stop()
  }
}
