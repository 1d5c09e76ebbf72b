import {
  InvalidOptionError,
  checkOption,
  resolveTracing,
  type TracingOptions,
} from '@throughline/core/integration'
import type { Tracer } from '@opentelemetry/api'
import { SCOPE } from '../scope.ts'

/** A `Pool` or `Client` of pg, or of a library that is made like it. */
export interface PgTarget {
  query: (...args: never[]) => unknown
}

/** Options of `tracePg`. Nothing is written into queries, so there is no propagator. */
export interface PgTracingOptions extends Omit<TracingOptions, 'propagator'> {
  /**
   * Whether queries outside of any trace make no spans, so that pings and start-up make no traces of their own.
   * @defaultValue `true`
   */
  readonly requireParent?: boolean
}

export interface ResolvedPgOptions {
  readonly tracer: Tracer
  readonly requireParent: boolean
}

export function resolvePgOptions(options: PgTracingOptions): ResolvedPgOptions {
  const { tracer } = resolveTracing(SCOPE, 'tracePg', options)
  checkOption('tracePg', 'requireParent', options.requireParent, 'boolean')
  return { tracer, requireParent: options.requireParent ?? true }
}

export function checkTarget(target: unknown): void {
  const query = (target as { query?: unknown } | null | undefined)?.query
  if (typeof query === 'function') return
  throw new InvalidOptionError('tracePg', 'poolOrClient', 'a Pool or a Client of pg', target)
}
