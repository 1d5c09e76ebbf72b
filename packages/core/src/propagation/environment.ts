import type { Context, TextMapGetter, TextMapSetter } from '@opentelemetry/api'
import { guard } from '../guard.ts'
import type { Tracing } from '../options.ts'
import { MAX_FIELD_LENGTH } from './carrier.ts'
import { extractContext, injectContext } from './transfer.ts'

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The context that the environment of a process brings (`TRACEPARENT`, `TRACESTATE`, `BAGGAGE`, …). Never throws. */
export function extractEnvironment(
  tracing: Pick<Tracing, 'propagator'>,
  environment: Environment = process.env,
): Context {
  return extractContext(tracing, environment, environmentGetter)
}

/**
 * The environment for a child process: `environment` with the context in it. What it brought of another context is taken
 * out first, so that a child never continues the trace of its grandparent.
 *
 * @example
 * ```ts
 * spawn('backup', { env: injectEnvironment(tracing, context.active()) })
 * ```
 */
export function injectEnvironment(
  tracing: Pick<Tracing, 'propagator'>,
  context: Context,
  environment: Environment = process.env,
): Record<string, string | undefined> {
  const copy = { ...environment }
  for (const name of staleNames(tracing, copy)) delete copy[name]
  return injectContext(tracing, context, copy, environmentSetter)
}

const W3C_NAMES = ['TRACEPARENT', 'TRACESTATE', 'BAGGAGE']
// Formats with a field for each entry of the baggage cannot list their fields.
const BAGGAGE_PREFIXES = ['UBERCTX_', 'OT_BAGGAGE_']

function staleNames(
  { propagator }: Pick<Tracing, 'propagator'>,
  environment: Environment,
): string[] {
  const fields = guard('Reading the fields of a propagator', () => propagator.fields()) ?? []
  const entries = Object.keys(environment).filter((name) =>
    BAGGAGE_PREFIXES.some((prefix) => name.startsWith(prefix)),
  )
  return [...W3C_NAMES, ...fields.map(variableName), ...entries]
}

/** Upper case, and an underscore for whatever else is no letter or digit. OpenTelemetry, environment carriers. */
function variableName(field: string): string {
  return field.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')
}

const environmentGetter: TextMapGetter<Environment> = {
  keys: (environment) =>
    Object.keys(environment).map((name) => name.toLowerCase().replaceAll('_', '-')),
  get(environment, field) {
    const value = environment[variableName(field)]
    return typeof value === 'string' && value.length <= MAX_FIELD_LENGTH ? value : undefined
  },
}

const environmentSetter: TextMapSetter<Record<string, string | undefined>> = {
  set(environment, field, value) {
    environment[variableName(field)] = value
  },
}
