import type { Sampler } from '@opentelemetry/sdk-trace'
import { guard } from '@throughline/core/integration'

// Every sampler of the SDK decides by the parent or by the trace id, and says of what it is made.
const BLIND =
  /^(?:AlwaysOnSampler|AlwaysOffSampler|TraceIdRatioBased|ParentBased|[a-zA-Z]+=|[{}, \d.e-])+$/

/** Whether a sampler decides without the attributes and links of a span; one that cannot describe itself may look at them. */
export function isBlind(sampler: Sampler): boolean {
  return guard('Describing the sampler', describesBlind, sampler) === true
}

function describesBlind(sampler: Sampler): boolean {
  return BLIND.test(sampler.toString())
}
