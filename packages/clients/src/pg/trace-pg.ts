import { warnOnce } from '@throughline/core/integration'
import { checkTarget, resolvePgOptions, type PgTarget, type PgTracingOptions } from './options.ts'
import { QueryTracer } from './query-tracer.ts'
import { isTraced, wrapClient, wrapPool, type Pool } from './wrap.ts'

/**
 * Traces the queries of a `Pool` or a `Client` of pg: a CLIENT span each, from the call to the result, so with the wait
 * for a connection. Wraps in place and returns the same object; clients that the pool hands out are traced too. Doing it
 * twice changes nothing. Throws an `InvalidOptionError` for arguments that cannot work; never afterwards.
 *
 * @example
 * ```ts
 * const pool = tracePg(new pg.Pool({ connectionString: process.env.DATABASE_URL }))
 * ```
 */
export function tracePg<T extends PgTarget>(poolOrClient: T, options: PgTracingOptions = {}): T {
  checkTarget(poolOrClient)
  const resolved = resolvePgOptions(options)
  if (options.enabled === false) return poolOrClient
  if (isTraced(poolOrClient)) {
    if (Object.keys(options).length > 0) {
      warnOnce('tracePg: this pool or client is traced already, so the options have no effect')
    }
    return poolOrClient
  }
  if (isPatched(poolOrClient)) {
    warnOnce('tracePg: @opentelemetry/instrumentation-pg traces pg already; its spans are used')
    return poolOrClient
  }
  const tracer = new QueryTracer(resolved)
  if (isPool(poolOrClient)) wrapPool(poolOrClient, tracer)
  else wrapClient(poolOrClient, tracer)
  return poolOrClient
}

function isPool(target: object): target is Pool {
  const { connect, on } = target as { connect?: unknown; on?: unknown }
  return typeof connect === 'function' && typeof on === 'function' && 'totalCount' in target
}

/** The mark that OpenTelemetry's instrumentations leave on what they patched. */
function isPatched(target: PgTarget): boolean {
  const { Client } = target as { Client?: { prototype?: { query?: unknown } } }
  const queries = [target.query, Client?.prototype?.query]
  return queries.some((query) => (query as { __wrapped?: unknown } | undefined)?.__wrapped === true)
}
