import { InvalidOptionError, checkChoice, checkOption } from '@throughline/core/integration'
import type { HttpServerOptions } from '@throughline/core/http'
import type { LogPreset } from '@throughline/core/logging'

/** The hooks that a request passes on its way; each can have a span. */
export const LIFECYCLE_HOOKS = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
  'onError',
] as const

export type LifecycleHook = (typeof LIFECYCLE_HOOKS)[number]

const RESPONSE_HEADERS = ['server-timing', 'traceparent'] as const
const LOG_PRESETS: readonly LogPreset[] = ['otel', 'ecs', 'gcp', 'datadog']

/** The options of `fastifyTracing`: those of every HTTP server, and what only Fastify can give. */
export interface FastifyTracingOptions extends HttpServerOptions {
  /**
   * Spans for hooks that are added after the plugin, all of them or those listed. Costs a span each; the hooks are
   * replaced by ones that measure them.
   * @defaultValue `false`
   */
  readonly hookSpans?: boolean | readonly LifecycleHook[]
  /**
   * A span for the handler of every route that is added after the plugin.
   * @defaultValue `false`
   */
  readonly handlerSpans?: boolean
  /**
   * Tells the client the request's trace: `'server-timing'`, which browsers read, or `'traceparent'`. Anybody who can
   * send requests then learns trace ids.
   * @defaultValue none
   */
  readonly responseHeader?: (typeof RESPONSE_HEADERS)[number]
  /**
   * Binds the ids of the request's span to `request.log` and `reply.log`, once, under the names that a backend looks
   * for. `true` is `'otel'`. Not needed where the logger has `traceMixin`.
   * @defaultValue `false`
   */
  readonly logFields?: boolean | LogPreset
}

/** The options of this package alone, checked and resolved. */
export interface ResolvedOptions {
  readonly hookSpans: ReadonlySet<string>
  readonly handlerSpans: boolean
  readonly responseHeader: FastifyTracingOptions['responseHeader']
  readonly logPreset: LogPreset | undefined
}

const OWNER = 'fastifyTracing'

export function resolveOptions(options: FastifyTracingOptions): ResolvedOptions {
  const { hookSpans = false, handlerSpans, responseHeader, logFields = false } = options
  checkOption(OWNER, 'handlerSpans', handlerSpans, 'boolean')
  checkChoice(OWNER, 'responseHeader', responseHeader, RESPONSE_HEADERS)
  if (typeof logFields !== 'boolean') checkChoice(OWNER, 'logFields', logFields, LOG_PRESETS)
  return {
    hookSpans: resolveHooks(hookSpans),
    handlerSpans: handlerSpans === true,
    responseHeader,
    logPreset: logFields === true ? 'otel' : logFields || undefined,
  }
}

/** The paths that `OTEL_FASTIFY_IGNORE_PATHS` lists, with commas between them, for an application that says nothing. */
export function withEnvironment(options: FastifyTracingOptions): FastifyTracingOptions {
  const paths = process.env['OTEL_FASTIFY_IGNORE_PATHS']
  if (options.ignore !== undefined || !paths) return options
  return { ...options, ignore: paths.split(',').map((path) => path.trim()) }
}

function resolveHooks(hookSpans: boolean | readonly LifecycleHook[]): ReadonlySet<string> {
  if (hookSpans === true) return new Set(LIFECYCLE_HOOKS)
  if (hookSpans === false) return new Set()
  if (Array.isArray(hookSpans) && hookSpans.every((hook) => LIFECYCLE_HOOKS.includes(hook))) {
    return new Set(hookSpans)
  }
  throw new InvalidOptionError(OWNER, 'hookSpans', 'a boolean or a list of hooks', hookSpans)
}
