import { propagators } from '@throughline/core/propagation'
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
import type { SdkOptions } from '../sdk.ts'

const sampledOut = (setUp: SetUp, options: SdkOptions = {}): Promise<Subject> =>
  traced(setUp, { sampled: false, ...options })

export const question: Question = {
  title: 'A Fastify request, sampled out',
  unit: 'request',
  base: 'no tracing',
  peer: '@fastify/otel',
  budgets: { '@throughline/fastify': 0.1 },
  variants: {
    'no tracing': () => sampledOut(untraced),
    'a bare SDK span': () => sampledOut(bareSpan),
    '@throughline/fastify': () => sampledOut(throughline),
    // What `startTracing` registers, for trace context and baggage.
    '@throughline/fastify with our propagators': () =>
      sampledOut(throughline, { propagator: propagators() }),
    '@fastify/otel': () => sampledOut(fastifyOtel),
    '@fastify/otel without hook and handler spans': () => sampledOut(fastifyOtelLite),
    'instrumentation-http': () => sampledOut(instrumentationHttp),
    'instrumentation-http and @fastify/otel': () => sampledOut(both),
  },
}
