import type { EntryAdapter } from './entry-adapter.ts'
import { ENTRY_CHECKS } from './entry-cases.ts'
import { EntryTrial } from './entry-trial.ts'
import type { SendAdapter } from './send-adapter.ts'
import { SEND_CHECKS } from './send-cases.ts'
import { SendTrial } from './send-trial.ts'

/** One point of the contract, ready to run: `run` rejects where the integration does not keep it. */
export interface ConformanceCase<Id extends string = string> {
  readonly id: Id
  readonly title: string
  /** Why the case does not apply, where the adapter says so. */
  readonly except: string | undefined
  readonly run: () => Promise<void>
}

/** The part of vitest, jest, or `node:test`, that cases are registered with. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: ((name: string, body: () => Promise<void>) => unknown) & {
    readonly skip: (name: string, body: () => Promise<void>) => unknown
  }
}

/** The cases of the contract for an integration that receives. Each starts it anew, with tracing of its own. */
export function conformanceCases(
  adapter: EntryAdapter,
): ConformanceCase<keyof typeof ENTRY_CHECKS>[] {
  return casesOf(ENTRY_CHECKS, adapter.except, ({ sampled, run }) => {
    const trial = new EntryTrial(adapter, sampled)
    return finish(trial, run(trial, adapter))
  })
}

/** The cases of the contract for an integration that sends. Each starts it anew, with tracing of its own. */
export function sendConformanceCases<M>(
  adapter: SendAdapter<M>,
): ConformanceCase<keyof typeof SEND_CHECKS>[] {
  return casesOf(SEND_CHECKS, adapter.except, ({ sampled, run }) => {
    const trial = new SendTrial(adapter, sampled)
    return finish(trial, run(trial, adapter))
  })
}

/**
 * Registers the contract of an integration that receives work as tests.
 *
 * @example
 * ```ts
 * import { describe, test } from 'vitest'
 * describeConformance(adapter, { describe, test })
 * ```
 */
export function describeConformance(adapter: EntryAdapter, runner: TestRunner): void {
  register(`${adapter.name} keeps the contract of an entry: it`, conformanceCases(adapter), runner)
}

/** Registers the contract of an integration that sends as tests. */
export function describeSendConformance<M>(adapter: SendAdapter<M>, runner: TestRunner): void {
  const cases = sendConformanceCases(adapter)
  register(`${adapter.name} keeps the contract of a sender: it`, cases, runner)
}

function casesOf<Id extends string, C extends { readonly title: string }>(
  checks: Readonly<Record<Id, C>>,
  except: Readonly<Partial<Record<Id, string>>> | undefined,
  run: (check: C) => Promise<void>,
): ConformanceCase<Id>[] {
  return (Object.keys(checks) as Id[]).map((id) => ({
    id,
    title: checks[id].title,
    except: except?.[id],
    run: () => run(checks[id]),
  }))
}

async function finish<M>(trial: EntryTrial | SendTrial<M>, run: Promise<void>): Promise<void> {
  try {
    await run
  } finally {
    await trial.stop()
    await trial.tracing.shutdown()
  }
}

function register(
  name: string,
  cases: readonly ConformanceCase[],
  { describe, test }: TestRunner,
): void {
  describe(name, () => {
    for (const { title, except, run } of cases) {
      if (except === undefined) test(title, run)
      else test.skip(`${title} (${except})`, run)
    }
  })
}
