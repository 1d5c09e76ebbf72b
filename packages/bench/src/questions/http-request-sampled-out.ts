import {
  bareSpan,
  both,
  fastifyOtel,
  fastifyOtelLite,
  instrumentationHttp,
  throughline,
  traced,
  untraced,
  type SetUp,
} from '../fastify-peers.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk, startOurs } from '../sdk.ts'

const sampledOut = (setUp: SetUp): Promise<Subject> =>
  traced(setUp, () => registerSdk({ sampled: false }))

export const question: Question = {
  title: 'A Fastify request, sampled out',
  unit: 'request',
  base: 'no tracing',
  peer: '@fastify/otel',
  // Of tracing as we start it. A bare span of the SDK alone costs more: it checks all attributes for a sampler that looks at none.
  budgets: { '@throughline/fastify with startTracing': 0.1 },
  variants: {
    'no tracing': () => sampledOut(untraced),
    'a bare SDK span': () => sampledOut(bareSpan),
    '@throughline/fastify': () => sampledOut(throughline),
    '@throughline/fastify with startTracing': () =>
      traced(throughline, () => startOurs({ sampled: false })),
    '@fastify/otel': () => sampledOut(fastifyOtel),
    '@fastify/otel without hook and handler spans': () => sampledOut(fastifyOtelLite),
    'instrumentation-http': () => sampledOut(instrumentationHttp),
    'instrumentation-http and @fastify/otel': () => sampledOut(both),
  },
}
