import { checkOption, resolveTracing, type TracingOptions } from '@throughline/core/integration'
import { enhancerMethods, type TraceProcessor } from './enhancer.ts'
import { enhancerInstances } from './enhancer-instances.ts'
import { offerInstrument } from './handler.interceptor.ts'
import { instrumentLayers, type InstrumentLayers } from './layers.ts'
import { entryMethods, noteBootTrace } from './entry-method.ts'
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
  /**
   * `traceProcessor` of `@throughline/worker/bullmq`: the span of every attempt of a `@Processor()`, with its number, its
   * wait and its error. Beside `bullmqTelemetry` on the queue, both are one span.
   * @defaultValue none: processors have only a span of their own
   */
  readonly traceProcessor?: TraceProcessor
}

/** What `NestFactory.create` takes as `instrument`. */
export interface TracingInstrument {
  readonly instanceDecorator: (instance: unknown) => unknown
}

/**
 * Traces guards, pipes, interceptors, exception filters, class middleware and the handlers themselves: an INTERNAL span
 * each, inside a traced request or message and nowhere else. And what no request calls: ticks of `@nestjs/schedule`,
 * `@OnEvent` listeners, CQRS handlers, BullMQ processors, messages of gateways. Below a request that is sampled out none
 * of them is made. Needs Nest 11.1.4; earlier versions ignore `instrument`.
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
  checkOption('tracingInstrument', 'traceProcessor', options.traceProcessor, 'function')
  const traces = instrumentLayers('tracingInstrument', options.layers)
  if (options.enabled === false) return { instanceDecorator: (instance) => instance }
  const setup = { tracer, traces, traceProcessor: options.traceProcessor, handlers: true }
  const shadows = new ShadowPrototypes((prototype) => {
    for (const instance of enhancerInstances(prototype)) shadows.apply(instance)
    const enhancers = enhancerMethods(prototype, setup)
    const entries = entryMethods(prototype, setup)
    return enhancers || entries ? { ...enhancers, ...entries } : undefined
  })
  return {
    instanceDecorator(instance) {
      noteBootTrace(instance)
      offerInstrument(instance, setup)
      return shadows.apply(instance)
    },
  }
}
