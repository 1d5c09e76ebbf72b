import type { Sampler } from '@opentelemetry/sdk-trace'
import { guard } from '@throughline/core/integration'

// Every sampler of the SDK decides by the parent or by the trace id, and says of what it is made.
const BLIND =
  /^(?:AlwaysOnSampler|AlwaysOffSampler|TraceIdRatioBased|ParentBased|[a-zA-Z]+=|[{}, \d.e-])+$/
const FOLLOWING =
  /^ParentBased\{root=.*, remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler, localParentSampled=AlwaysOnSampler, localParentNotSampled=AlwaysOffSampler\}$/s

/** Whether a sampler decides without the attributes and links of a span; one that cannot describe itself may look at them. */
export function isBlind(sampler: Sampler): boolean {
  return BLIND.test(describe(sampler))
}

/** Whether it is the SDK's own that decides as the parent did, and asks another one only where there is no parent. */
export function followsParent(sampler: Sampler): boolean {
  return sampler.constructor.name === 'ParentBasedSampler' && FOLLOWING.test(describe(sampler))
}

function describe(sampler: Sampler): string {
  return guard('Describing the sampler', textOf, sampler) ?? ''
}

function textOf(sampler: Sampler): string {
  return sampler.toString()
}
