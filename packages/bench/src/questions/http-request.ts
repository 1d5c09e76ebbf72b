import {
  bareSpan,
  both,
  fastifyOtel,
  fastifyOtelLite,
  instrumentationHttp,
  throughline,
  traced,
  untraced,
} from '../fastify-peers.ts'
import type { Question } from '../question.ts'
import { startOurs } from '../sdk.ts'

export const question: Question = {
  title: 'A Fastify request, traced',
  unit: 'request',
  base: 'no tracing',
  peer: '@fastify/otel',
  budgets: {},
  variants: {
    'no tracing': () => traced(untraced),
    'a bare SDK span': () => traced(bareSpan),
    '@throughline/fastify': () => traced(throughline),
    '@throughline/fastify with startTracing': () => traced(throughline, startOurs),
    '@fastify/otel': () => traced(fastifyOtel),
    '@fastify/otel without hook and handler spans': () => traced(fastifyOtelLite),
    'instrumentation-http': () => traced(instrumentationHttp),
    'instrumentation-http and @fastify/otel': () => traced(both),
  },
}
