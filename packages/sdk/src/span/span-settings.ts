import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { AttributeLimits } from './attributes.ts'
import type { Clock } from './clock.ts'
import type { TracerOptions } from './tracer-options.ts'

/** What all spans of a tracer have in common. */
export interface SpanSettings {
  readonly resource: Resource
  readonly instrumentationScope: InstrumentationScope
  readonly spanLimits: Readonly<Required<SpanLimits>>
  readonly eventLimits: AttributeLimits
  readonly linkLimits: AttributeLimits
  readonly processor: SpanProcessor
  readonly clock: Clock
}

export function spanSettings(
  { resource, spanLimits, spanProcessor }: TracerOptions,
  instrumentationScope: InstrumentationScope,
  clock: Clock,
): SpanSettings {
  const { attributeValueLengthLimit } = spanLimits
  return {
    resource,
    instrumentationScope,
    spanLimits,
    eventLimits: {
      attributeCountLimit: spanLimits.attributePerEventCountLimit,
      attributeValueLengthLimit,
    },
    linkLimits: {
      attributeCountLimit: spanLimits.attributePerLinkCountLimit,
      attributeValueLengthLimit,
    },
    processor: spanProcessor,
    clock,
  }
}
