import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { followsParent, isBlind } from '../../src/span/known-sampler.ts'

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

class ParentBasedOnTuesdays extends ParentBasedSampler {}

test('a sampler of the SDK that follows the parent is known, whatever it asks for roots', () => {
  expect(followsParent(new ParentBasedSampler({ root: new AlwaysOnSampler() }))).toBe(true)
  expect(followsParent(new ParentBasedSampler({ root: byRoute }))).toBe(true)
})

test.each([
  ['that is none of the SDK', new ParentBasedOnTuesdays({ root: new AlwaysOnSampler() })],
  [
    'that decides otherwise below some parents',
    new ParentBasedSampler({
      root: new AlwaysOnSampler(),
      remoteParentSampled: new TraceIdRatioBasedSampler(0.5),
    }),
  ],
  ['that looks at no parent', new AlwaysOnSampler()],
  ['that has no class', byRoute],
])('a sampler %s is asked below a parent', (_, sampler) => {
  expect(followsParent(sampler)).toBe(false)
})
