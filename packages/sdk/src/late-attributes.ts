import {
  context,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { contextWithSpan } from '@throughline/core/integration'

// Every sampler of the SDK decides by the parent or by the trace id, and says of what it is made.
const BLIND =
  /^(?:AlwaysOnSampler|AlwaysOffSampler|TraceIdRatioBased|ParentBased|[a-zA-Z]+=|[{}, \d.e-])+$/

/** Whether a sampler decides without the attributes of a span. */
export function isBlind(sampler: Sampler): boolean {
  return BLIND.test(sampler.toString())
}

/**
 * A provider whose spans get their attributes right after they were started, and only where they are recorded: the SDK
 * checks and copies those that come with the start, which is most of what a span costs that is sampled out. For where
 * nobody, sampler or processor, looks at them in between.
 */
export function withLateAttributes(provider: TracerProvider): TracerProvider {
  const tracers = new WeakMap<Tracer, Tracer>()
  const getTracer: TracerProvider['getTracer'] = (...scope) => {
    const tracer = provider.getTracer(...scope)
    const late = tracers.get(tracer) ?? new LateTracer(tracer)
    tracers.set(tracer, late)
    return late
  }
  // All else is the provider's own, such as `forceFlush`.
  return Object.create(provider, { getTracer: { value: getTracer } }) as TracerProvider
}

class LateTracer implements Tracer {
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  startSpan(name: string, options?: SpanOptions, parent?: Context): Span {
    const attributes = options?.attributes
    if (!attributes) return this.#tracer.startSpan(name, options, parent)
    // Written out, as a copy of all but one takes longer.
    const { kind, links, startTime, root } = options
    const others = { kind, links, startTime, root } as SpanOptions
    const span = this.#tracer.startSpan(name, others, parent)
    if (span.isRecording()) span.setAttributes(attributes)
    return span
  }

  startActiveSpan(name: string, ...rest: unknown[]): any {
    const fn = rest.pop() as (span: Span) => unknown
    const [options, parent = context.active()] = rest as [SpanOptions?, Context?]
    const span = this.startSpan(name, options, parent)
    return context.with(contextWithSpan(parent, span), fn, undefined, span)
  }
}
