import {
  ProxyTracerProvider,
  propagation,
  trace,
  type Attributes,
  type MeterProvider,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { InvalidOptionError } from './errors.ts'
import { MeterSource } from './meter-source.ts'

/** What every integration accepts. */
export interface TracingOptions {
  /**
   * `false`: nothing is wrapped, hooked or subscribed.
   * @defaultValue `true`
   */
  readonly enabled?: boolean
  /**
   * Where spans are made.
   * @defaultValue the global provider, looked up when a span is made, so that an SDK registered later still works
   */
  readonly tracerProvider?: TracerProvider
  /**
   * How context is read from and written to carriers.
   * @defaultValue the global propagator, looked up at each use
   */
  readonly propagator?: TextMapPropagator
}

/** What integrations accept that measure as well. */
export interface MeteredTracingOptions extends TracingOptions {
  /**
   * `true`: the metrics of the conventions are recorded by the global meter provider, looked up lazily; or the provider
   * to record with. They count unsampled work too.
   * @defaultValue `false`
   */
  readonly metrics?: boolean | MeterProvider
}

/** Name and version of the package that makes spans: the instrumentation scope. */
export interface Scope {
  readonly name: string
  readonly version: string
}

/** The options of an integration after they were checked: what spans are made with. */
export interface Tracing {
  readonly tracer: Tracer
  readonly propagator: Pick<TextMapPropagator, 'extract' | 'inject' | 'fields'>
  /** The provider that was chosen, if any. */
  readonly tracerProvider?: TracerProvider
  /** Where metrics are on. */
  readonly meter?: MeterSource
}

// What the api answers with while no SDK is registered; it exports no name for it.
const NO_PROVIDER = new ProxyTracerProvider().getDelegate()

/**
 * Whether nothing can come of tracing now: no SDK takes spans, no propagator passes a context on and nothing is measured.
 * Asked anew for each piece of work, since an SDK may be registered at any time; it costs a few nanoseconds.
 */
export function isIdle({ tracerProvider, propagator, meter }: Tracing): boolean {
  if (meter) return false
  const provider = tracerProvider ?? trace.getTracerProvider()
  const delegate = (provider as { getDelegate?: () => unknown }).getDelegate?.() ?? provider
  if (delegate !== NO_PROVIDER) return false
  try {
    return propagator.fields().length === 0
  } catch {
    return false
  }
}

/** Extra attributes from the user, asked for once, when everything is known. */
export type AttributesHook<A extends unknown[]> = (...args: A) => Attributes | undefined

/** Checks the shared options and resolves them, once, at set-up. */
export function resolveTracing(
  scope: Scope,
  owner: string,
  options: MeteredTracingOptions,
): Tracing {
  const { metrics } = options
  checkOption(owner, 'enabled', options.enabled, 'boolean')
  checkMethod(owner, 'tracerProvider', options.tracerProvider, 'getTracer', 'a TracerProvider')
  checkMethod(owner, 'propagator', options.propagator, 'extract', 'a TextMapPropagator')
  if (typeof metrics !== 'boolean') {
    checkMethod(owner, 'metrics', metrics, 'getMeter', 'a boolean or a MeterProvider')
  }
  return {
    tracer: (options.tracerProvider ?? trace).getTracer(scope.name, scope.version),
    propagator: options.propagator ?? propagation,
    ...(options.tracerProvider && { tracerProvider: options.tracerProvider }),
    ...(metrics && { meter: new MeterSource(scope, metrics === true ? undefined : metrics) }),
  }
}

type Kind = 'boolean' | 'function' | 'string' | 'number'

/** Throws an `InvalidOptionError` unless the option is absent or of one of the kinds. */
export function checkOption(owner: string, name: string, value: unknown, ...kinds: Kind[]): void {
  if (value === undefined || kinds.includes(typeof value as Kind)) return
  throw new InvalidOptionError(owner, name, kinds.map((kind) => `a ${kind}`).join(' or '), value)
}

/** Throws an `InvalidOptionError` unless the option is absent or one of the values. */
export function checkChoice(
  owner: string,
  name: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value === undefined || choices.includes(value as string)) return
  throw new InvalidOptionError(owner, name, choices.map((c) => `'${c}'`).join(' or '), value)
}

function checkMethod(owner: string, name: string, value: unknown, method: string, what: string) {
  if (value === undefined) return
  const object = value as Record<string, unknown> | null
  if (typeof object === 'object' && typeof object?.[method] === 'function') return
  throw new InvalidOptionError(owner, name, what, value)
}
