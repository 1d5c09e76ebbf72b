import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { fastifyTracing } from '@throughline/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { served } from '../http-subject.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

type SetUp = (app: FastifyInstance) => unknown
const require = createRequire(import.meta.url)

async function traced(setUp: SetUp, options: { sampled?: boolean } = {}): Promise<Subject> {
  registerSdk(options)
  const app = Fastify()
  await setUp(app)
  return served(app)
}

async function fastifyOtel(app: FastifyInstance): Promise<void> {
  await app.register(new FastifyOtelInstrumentation().plugin())
}

async function fastifyOtelLite(app: FastifyInstance): Promise<void> {
  const instrumentation = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    instrumentHandler: false,
  })
  await app.register(instrumentation.plugin())
}

function instrumentationHttp(): void {
  new HttpInstrumentation().enable()
  require('node:http') // the instrumentation patches at a `require`
}

/** What any tracing of a request needs: the parent, a span with its attributes, the context, an end. */
function bareSpan(app: FastifyInstance): void {
  const tracer = trace.getTracer('bench')
  app.addHook('onRequest', (request, reply, done) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers)
    const attributes = {
      'http.request.method': 'GET',
      'http.route': '/orders/:id',
      'url.path': '/orders/42',
      'url.query': 'coupon=x',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': 80,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': 1234,
      'network.protocol.version': '1.1',
      'user_agent.original': 'bench',
    }
    const span = tracer.startSpan('GET /orders/:id', { kind: SpanKind.SERVER, attributes }, parent)
    reply.raw.once('close', () => {
      span.setAttribute('http.response.status_code', reply.raw.statusCode)
      span.end()
    })
    context.with(trace.setSpan(parent, span), done)
  })
}

const ours: SetUp = (app) => app.register(fastifyTracing)

export const question: Question = {
  title: 'A Fastify request, traced',
  unit: 'request',
  base: 'no tracing',
  peer: '@fastify/otel',
  budgets: {},
  variants: {
    'no tracing': () => traced(() => {}),
    'a bare SDK span': () => traced(bareSpan),
    '@throughline/fastify': () => traced(ours),
    '@fastify/otel': () => traced(fastifyOtel),
    '@fastify/otel without hook and handler spans': () => traced(fastifyOtelLite),
    'instrumentation-http': () => traced(instrumentationHttp),
    'instrumentation-http and @fastify/otel': () =>
      traced(async (app) => {
        instrumentationHttp()
        await fastifyOtel(app)
      }),
  },
}
