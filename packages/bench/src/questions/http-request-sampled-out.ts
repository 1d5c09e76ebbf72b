import { FastifyOtelInstrumentation } from '@fastify/otel'
import { fastifyTracing } from '@throughline/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { served } from '../http-subject.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

async function sampledOut(setUp: (app: FastifyInstance) => unknown): Promise<Subject> {
  registerSdk({ sampled: false })
  const app = Fastify()
  await setUp(app)
  return served(app)
}

export const question: Question = {
  title: 'A Fastify request, sampled out',
  unit: 'request',
  base: 'no tracing',
  peer: '@fastify/otel',
  budgets: { '@throughline/fastify': 0.1 },
  variants: {
    'no tracing': () => sampledOut(() => {}),
    '@throughline/fastify': () => sampledOut((app) => app.register(fastifyTracing)),
    '@fastify/otel': () =>
      sampledOut((app) => app.register(new FastifyOtelInstrumentation().plugin())),
  },
}
