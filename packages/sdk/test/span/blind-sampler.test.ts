import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { isBlind } from '../../src/span/blind-sampler.ts'

test.each([
  new AlwaysOnSampler(),
  new AlwaysOffSampler(),
  new TraceIdRatioBasedSampler(0.000_000_1),
  new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.25) }),
])('%s decides without attributes', (sampler) => {
  expect(isBlind(sampler)).toBe(true)
})

const byRoute: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
  toString: () => 'ByRoute',
}

test.each([byRoute, new ParentBasedSampler({ root: byRoute })])(
  '%s may look at attributes',
  (sampler) => {
    expect(isBlind(sampler)).toBe(false)
  },
)

test('a sampler that cannot describe itself may look at attributes', () => {
  const describe = (): never => {
    throw new Error('no description')
  }
  expect(isBlind({ ...byRoute, toString: describe })).toBe(false)
})
