import { context, type Context, type TextMapPropagator } from '@opentelemetry/api'
import { extractContext, injectContext } from '@throughline/core/propagation'
import { resolveTracing, type Tracing } from '@throughline/core/integration'
import { SCOPE } from '../scope.ts'

export interface EnvOptions {
  /** @defaultValue the global one */
  readonly propagator?: TextMapPropagator
}

type Env = Readonly<Record<string, string | undefined>>

/** Also removed where the propagator in use writes others: a process below may read these. */
const W3C_FIELDS = ['traceparent', 'tracestate', 'baggage']

/**
 * Copies an environment for a child process and writes the active context into the copy: `TRACEPARENT` and what else the
 * propagator writes. What a process above left in such variables is taken out first, however it is spelled. The
 * environment that you pass is not changed. Without an SDK the copy has what the original has.
 *
 * Other users of the machine may be able to read a process's environment: keep secrets out of baggage.
 *
 * @example
 * ```ts
 * spawn('convert', ['in.png', 'out.jpg'], { env: traceEnv() })
 * ```
 */
export function traceEnv(env: Env = process.env, options: EnvOptions = {}): NodeJS.ProcessEnv {
  return envIn(context.active(), env, resolveTracing(SCOPE, 'traceEnv', options))
}

/** The same for a context that is not active yet. */
export function envIn(active: Context, env: Env, tracing: Tracing): NodeJS.ProcessEnv {
  const copy: NodeJS.ProcessEnv = { ...env }
  const fields = tracing.propagator.fields()
  if (fields.length === 0) return copy
  const stale = new Set([...W3C_FIELDS, ...fields].map(toEnvName))
  for (const name of Object.keys(copy)) if (stale.has(name.toUpperCase())) delete copy[name]
  injectContext(tracing, active, copy, envSetter)
  return copy
}

/**
 * The context that this process was started in, by its environment. Read it once, at the start; ROOT where there is none.
 *
 * @example
 * ```ts
 * await context.with(contextFromEnv(), () => withSpan('convert', main))
 * ```
 */
export function contextFromEnv(env: Env = process.env, options: EnvOptions = {}): Context {
  const tracing = resolveTracing(SCOPE, 'contextFromEnv', options)
  const carrier: Record<string, string> = {}
  for (const field of tracing.propagator.fields()) {
    const value = env[toEnvName(field)]
    if (value !== undefined) carrier[field] = value
  }
  return extractContext(tracing, carrier)
}

const envSetter = {
  set(carrier: NodeJS.ProcessEnv, key: string, value: string) {
    carrier[toEnvName(key)] = value
  },
}

/** OpenTelemetry's environment carriers (release candidate): upper case, and nothing but letters, digits and `_`. */
function toEnvName(field: string): string {
  return field.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')
}
