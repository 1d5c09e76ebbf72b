import { createNoopMeter, type MeterProvider, type TracerProvider } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { IdGenerator, Sampler, SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace'

/** What the SDK's provider hands to its tracers, whatever it was configured by. */
export interface TracerOptions {
  readonly resource: Resource
  readonly sampler: Sampler
  readonly spanLimits: Readonly<Required<SpanLimits>>
  readonly idGenerator: IdGenerator
  readonly spanProcessor: SpanProcessor
}

const LIMITS: readonly (keyof SpanLimits)[] = [
  'attributeCountLimit',
  'attributeValueLengthLimit',
  'eventCountLimit',
  'linkCountLimit',
  'attributePerEventCountLimit',
  'attributePerLinkCountLimit',
]

/**
 * Reads them from the SDK's provider, which keeps them to itself: in another version they may look otherwise, and then
 * there is no answer. Nor is there where the SDK counts its spans by metrics, which only its own tracers do.
 */
export function tracerOptionsOf(provider: TracerProvider): TracerOptions | undefined {
  const options = (provider as { _tracerOptions?: Unsure })._tracerOptions
  if (!options || !isComplete(options) || isCounting(options.meterProvider)) return undefined
  return options
}

type Unsure = Partial<TracerOptions & { meterProvider: MeterProvider }>

function isComplete(options: Unsure): options is TracerOptions & Unsure {
  const { resource, sampler, spanLimits, idGenerator, spanProcessor } = options
  return (
    typeof resource === 'object' &&
    typeof sampler?.shouldSample === 'function' &&
    typeof idGenerator?.generateTraceId === 'function' &&
    typeof idGenerator.generateSpanId === 'function' &&
    typeof spanProcessor?.onStart === 'function' &&
    typeof spanProcessor.onEnd === 'function' &&
    LIMITS.every((name) => typeof spanLimits?.[name] === 'number')
  )
}

function isCounting(meterProvider: MeterProvider | undefined): boolean {
  return meterProvider?.getMeter('@throughline/sdk') !== createNoopMeter()
}
