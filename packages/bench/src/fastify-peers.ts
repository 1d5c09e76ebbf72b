import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { fastifyTracing } from '@throughline/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { served } from './http-subject.ts'
import type { Subject } from './question.ts'
import { registerSdk } from './sdk.ts'

/** Traces an application in one way. */
export type SetUp = (app: FastifyInstance) => unknown

const require = createRequire(import.meta.url)

/** An application that is traced so, and sent requests. */
export async function traced(
  setUp: SetUp,
  startSdk: () => unknown = registerSdk,
): Promise<Subject> {
  startSdk()
  const app = Fastify()
  await setUp(app)
  return served(app)
}

export const untraced: SetUp = () => {}

export const throughline: SetUp = (app) => app.register(fastifyTracing)

export const fastifyOtel: SetUp = (app) => app.register(new FastifyOtelInstrumentation().plugin())

/** Its lightest: the span of the request alone. */
export const fastifyOtelLite: SetUp = (app) => {
  const instrumentation = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    instrumentHandler: false,
  })
  return app.register(instrumentation.plugin())
}

export const instrumentationHttp: SetUp = () => {
  new HttpInstrumentation().enable()
  require('node:http') // the instrumentation patches at a `require`
}

export const both: SetUp = async (app) => {
  await instrumentationHttp(app)
  await fastifyOtel(app)
}

/** What any tracing of a request needs: the parent, a span with its attributes, the context, an end. */
export const bareSpan: SetUp = (app) => {
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
