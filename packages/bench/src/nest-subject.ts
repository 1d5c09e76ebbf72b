import { SpanKind, context, trace } from '@opentelemetry/api'
import Fastify, { type FastifyInstance } from 'fastify'
import { bareSpan, type SetUp } from './fastify-peers.ts'
import { underLoad } from './http-subject.ts'
import { useNest, type NestMajor } from './nest-version.ts'
import type { Subject } from './question.ts'
import { registerSdk } from './sdk.ts'

/** What Nest 11 makes of each interceptor stays to the next full collection, of which few turns hold one or none. */
export const NEST_TURNS = 100

/** What an application of Nest is traced by, given the `require` of what is installed beside it. */
export type NestTracer = (require: NodeJS.Require) => Promise<{
  readonly imports?: unknown[]
  readonly options?: object
}>

export const untraced: NestTracer = () => Promise.resolve({})

/** A SERVER span and one for the handler, by an interceptor of Nest. */
export const tracingModule: NestTracer = async () => {
  const { TracingModule } = await import('@throughline/nestjs')
  return { imports: [TracingModule.forRoot()] }
}

const HANDLERS = { guards: false, pipes: false, interceptors: false }

/** A SERVER span and one for the handler, by the method itself. */
export const handlerOnly: NestTracer = () => instrumented(HANDLERS)

/** The same, and one for the guard, the pipe and the interceptor each. */
export const throughline: NestTracer = () => instrumented({})

/** The span of the handler and nothing else: the request is traced by somebody else. */
export const handlerAlone: NestTracer = () => instrumentAlone(HANDLERS)

/** The same, and one for the guard, the pipe and the interceptor each. */
export const layersAlone: NestTracer = () => instrumentAlone({})

async function instrumentAlone(layers: Record<string, boolean>): ReturnType<NestTracer> {
  const { tracingInstrument } = await import('@throughline/nestjs')
  return { options: { instrument: tracingInstrument({ layers }) } }
}

async function instrumented(layers: Record<string, boolean>): ReturnType<NestTracer> {
  const { TracingModule } = await import('@throughline/nestjs')
  return { imports: [TracingModule.forRoot()], ...(await instrumentAlone(layers)) }
}

/** One for the handler, the guard, the pipe and the interceptor each. */
export const amplication: NestTracer = (require) => {
  const { OpenTelemetryModule } = require('@amplication/opentelemetry-nestjs')
  return Promise.resolve({ imports: [OpenTelemetryModule.forRoot()] })
}

/** Two for the handler. It patches Nest when that is first required. */
export const instrumentationNestjsCore: NestTracer = (require) => {
  const { NestInstrumentation } = require('@opentelemetry/instrumentation-nestjs-core')
  new NestInstrumentation().enable()
  require('@nestjs/core')
  return Promise.resolve({})
}

/** An application of Nest on Fastify that is traced so, and sent requests. */
export async function nestRequests(
  major: NestMajor,
  tracer: NestTracer,
  around: SetUp = () => {},
  startSdk: () => unknown = registerSdk,
): Promise<Subject> {
  const require = await useNest(major)
  startSdk()
  const { imports = [], options } = await tracer(require)
  const { ordersModule } = await import('./nest-app.ts')
  const { NestFactory } = await import('@nestjs/core')
  const { FastifyAdapter } = await import('@nestjs/platform-fastify')
  const fastify = Fastify()
  await around(fastify)
  const app = await NestFactory.create(
    ordersModule(imports),
    new FastifyAdapter(fastify as never),
    { logger: false, ...options },
  )
  await app.init()
  await fastify.ready()
  return { ...underLoad(fastify.server), close: () => app.close() }
}

/** The span of a request that anybody's tracing needs, around that of somebody else. */
export const bareServerSpan: SetUp = bareSpan

/** As many spans as the traced layers make, in one hook and with nothing to follow: what no tracing can go below. */
export function bareSpans(count: number): SetUp {
  const tracer = trace.getTracer('bench')
  const attributes = { 'code.function.name': 'OrdersController.one', 'nestjs.type': 'guard' }
  return (app: FastifyInstance) => {
    app.addHook('onRequest', (_request, reply, done) => {
      const server = tracer.startSpan('GET /orders/:id', { kind: SpanKind.SERVER })
      const active = trace.setSpan(context.active(), server)
      for (let at = 1; at < count; at++) {
        tracer.startSpan('OrdersController.one', { attributes }, active).end()
      }
      reply.raw.once('close', () => server.end())
      context.with(active, done)
    })
  }
}
