import { warnOnce } from '@throughline/core/integration'
import type { ClientTracing } from '../client-tracing.ts'
import { FetchTracer } from './fetch-tracer.ts'
import { resolveFetchOptions, type FetchTracingOptions } from './options.ts'

// One for the process, also where this package is loaded twice (ESM beside CommonJS): the channels are global too.
const kActive: unique symbol = Symbol.for('@throughline/clients/fetch') as never
const registry = globalThis as { [kActive]?: ClientTracing | undefined }

const DISABLED: ClientTracing = { disable: () => {} }

/**
 * Traces every request of `fetch` and of undici, Node's own copy and yours: a CLIENT span each, and the trace's headers
 * on it. Calling it again never doubles spans: the tracing that is on stays as it is and is returned, with a warning
 * where options would have no effect. Throws an `InvalidOptionError` for options that cannot work; never afterwards.
 *
 * @example
 * ```ts
 * const tracing = traceFetch({ propagateTo: (origin) => origin.endsWith('.shop.internal') })
 * ```
 */
export function traceFetch(options: FetchTracingOptions = {}): ClientTracing {
  const resolved = resolveFetchOptions(options)
  if (options.enabled === false) return DISABLED
  const active = registry[kActive]
  if (active) {
    if (Object.keys(options).length > 0) {
      warnOnce('traceFetch: fetch is traced already, so the options given now have no effect')
    }
    return active
  }
  const tracer = new FetchTracer(resolved)
  tracer.enable()
  const tracing: ClientTracing = {
    disable() {
      tracer.disable()
      if (registry[kActive] === tracing) registry[kActive] = undefined
    },
  }
  registry[kActive] = tracing
  return tracing
}
