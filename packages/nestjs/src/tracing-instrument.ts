import { resolveTracing, type TracingOptions } from '@throughline/core/integration'
import { enhancerMethods } from './enhancer.ts'
import { instrumentLayers, type InstrumentLayers } from './layers.ts'
import { SCOPE } from './scope.ts'
import { ShadowPrototypes } from './shadow-prototype.ts'

/** The options of `tracingInstrument`. */
export interface TracingInstrumentOptions extends Pick<
  TracingOptions,
  'enabled' | 'tracerProvider'
> {
  /**
   * The layers to leave out (`{ pipes: false }`), or to add (`{ interceptorsAfter: true }`).
   * @defaultValue all but `interceptorsAfter`
   */
  readonly layers?: InstrumentLayers
}

/** What `NestFactory.create` takes as `instrument`. */
export interface TracingInstrument {
  readonly instanceDecorator: (instance: unknown) => unknown
}

/**
 * Traces guards, pipes, interceptors, exception filters and class middleware: an INTERNAL span each, inside a traced
 * request or message and nowhere else. For what Nest instantiates itself; enhancers given as instances
 * (`@UseGuards(new RolesGuard())`) are never shown to it.
 * Needs Nest 11.1.4; earlier versions ignore `instrument`.
 *
 * Instances stay what they are: no proxy stands before them, so `#private` fields, `instanceof` and metadata work.
 *
 * @example
 * ```ts
 * NestFactory.create(AppModule, { instrument: tracingInstrument() })
 * ```
 * @throws InvalidOptionError for an option that cannot work
 */
export function tracingInstrument(options: TracingInstrumentOptions = {}): TracingInstrument {
  const { tracer } = resolveTracing(SCOPE, 'tracingInstrument', options)
  const traces = instrumentLayers('tracingInstrument', options.layers)
  if (options.enabled === false) return { instanceDecorator: (instance) => instance }
  const shadows = new ShadowPrototypes((prototype) =>
    enhancerMethods(prototype, { tracer, traces }),
  )
  return { instanceDecorator: (instance) => shadows.apply(instance) }
}
