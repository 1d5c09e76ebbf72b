import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { SpanKind, context, trace } from '@opentelemetry/api'
import { TracingModule, tracingInstrument } from '@throughline/nestjs'
import { ordersModule } from '../nest-app.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

type Options = Parameters<typeof NestFactory.create>[2]

async function traced(
  imports: unknown[],
  options: Options = {},
  prepare: (app: NestFastifyApplication) => void = () => {},
): Promise<Subject> {
  registerSdk()
  const app = await NestFactory.create<NestFastifyApplication>(
    ordersModule(imports),
    new FastifyAdapter(),
    { logger: false, ...options },
  )
  prepare(app)
  await app.init()
  const fastify = app.getHttpAdapter().getInstance()
  await fastify.ready()
  return {
    async run(times) {
      for (let at = 0; at < times; at++) await fastify.inject({ url: '/orders/42' })
    },
    close: () => app.close(),
  }
}

/** As many spans as the traced layers make, in one hook and with nothing to follow: what no tracing can go below. */
function bareSpans(count: number): (app: NestFastifyApplication) => void {
  const tracer = trace.getTracer('bench')
  return (app) => {
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (_request, reply, done) => {
        const server = tracer.startSpan('GET /orders/:id', { kind: SpanKind.SERVER })
        const active = trace.setSpan(context.active(), server)
        for (let at = 1; at < count; at++) {
          const attributes = {
            'code.function.name': 'OrdersController.one',
            'nestjs.type': 'guard',
          }
          tracer.startSpan('OrdersController.one', { attributes }, active).end()
        }
        reply.raw.once('close', () => server.end())
        context.with(active, done)
      })
  }
}

const instrument = () => ({ instrument: tracingInstrument() })

export const question: Question = {
  title: 'A request of NestJS 12 on Fastify: controller, guard, pipe and interceptor',
  unit: 'request',
  base: 'no tracing',
  peer: 'five bare SDK spans',
  budgets: {},
  variants: {
    'no tracing': () => traced([]),
    'five bare SDK spans': () => traced([], {}, bareSpans(5)),
    'TracingModule: request and handler': () => traced([TracingModule.forRoot()]),
    'TracingModule and tracingInstrument': () => traced([TracingModule.forRoot()], instrument()),
  },
}
