import { SpanKind, context } from '@opentelemetry/api'
import type { Attributes, Context } from '@opentelemetry/api'
import {
  guard,
  isThenable,
  runToEnd,
  startOperation,
  type Operation,
  type Outcome,
} from '@throughline/core/integration'
import { isTracingSuppressed, validSpan } from '@throughline/core/propagation'
import { bindCallback } from './callback.ts'
import { describeQuery } from './describe.ts'
import { endQuery, failQuery } from './end.ts'
import type { ResolvedPgOptions } from './options.ts'
import { isSubmittable, watchSubmittable } from './submittable.ts'

/** A function of pg before it was wrapped. */
export type Original = (this: unknown, ...args: unknown[]) => unknown

const OUTCOME: Outcome<unknown> = { onError: failQuery }

/** Makes a span of each call of a `query` function, whichever of pg's ways it is called in. */
export class QueryTracer {
  readonly #options: ResolvedPgOptions

  constructor(options: ResolvedPgOptions) {
    this.#options = options
  }

  /** Calls `query` and returns what it returns. A callback runs in the context of the caller, traced or not. */
  run(target: unknown, query: Original, args: unknown[], server: Attributes): unknown {
    const caller = context.active()
    const operation = guard('Tracing a query of pg', this.#start, caller, args[0], server)
    const bound = bindCallback(args, caller, operation)
    if (!operation) return query.apply(target, bound)
    const submitted = isSubmittable(args[0]) && watchSubmittable(args[0], caller, operation)
    if (bound === args && !submitted) {
      return runToEnd(operation, () => query.apply(target, args), OUTCOME)
    }
    return runToCallback(operation, () => query.apply(target, bound))
  }

  readonly #start = (
    caller: Context,
    query: unknown,
    server: Attributes,
  ): Operation | undefined => {
    const { tracer, requireParent } = this.#options
    if (isTracingSuppressed(caller) || (requireParent && !validSpan(caller))) return undefined
    // What cannot be a query, such as `undefined`, is pg's to complain about.
    if (typeof query !== 'string' && (typeof query !== 'object' || query === null)) return undefined
    const { name, attributes } = describeQuery(textOf(query))
    return startOperation(
      tracer,
      name,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...server } },
      caller,
    )
  }
}

/** Runs what ends its operation by a callback or an event; a throw or a rejection ends it too. */
function runToCallback(operation: Operation, fn: () => unknown): unknown {
  let result: unknown
  try {
    result = operation.run(fn)
  } catch (error) {
    endQuery(operation, error)
    throw error
  }
  // `pool.query` promises the result of a `Query` object as well, and rejects where no connection was to be had.
  return isThenable(result) ? runToEnd(operation, () => result, OUTCOME) : result
}

/** The text of a query in its three forms: text, an object with it, a stream around a cursor that has it. */
function textOf(query: string | object): string | undefined {
  if (typeof query === 'string') return query
  const { text, cursor } = query as { text?: unknown; cursor?: { text?: unknown } }
  const found = text ?? cursor?.text
  return typeof found === 'string' ? found : undefined
}
