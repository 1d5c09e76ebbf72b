import { context, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { fastifyTracing, traceRequestId, type FastifyTracingOptions } from '@throughline/fastify'
import { createTestTracing } from '@throughline/testing'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { pino } from 'pino'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const tracing = createTestTracing()
let app: FastifyInstance
afterEach(async () => {
  await app.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function serve(
  build: (app: FastifyInstance) => void,
  options: FastifyTracingOptions = {},
  server: FastifyServerOptions = {},
): Promise<string> {
  app = Fastify(server)
  app.register(fastifyTracing, options)
  build(app)
  return app.listen({ port: 0, host: '127.0.0.1' })
}

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

describe('`request.tracing`', () => {
  test('gives the span, the context and a carrier, wherever the request is at hand', async () => {
    const carrier: { traceparent?: string } = {}
    const url = await serve((app) => {
      app.get('/', (request) => {
        request.tracing.span.setAttribute('order.id', 7)
        request.tracing.inject(carrier)
        // As from a callback that lost its context.
        context.with(trace.deleteSpan(context.active()), () =>
          context.with(request.tracing.context, () => withSpan('work', () => {})),
        )
        return 'ok'
      })
    })
    await (await fetch(url)).text()
    await tracing.waitForSpans(2)
    const span = tracing.span('GET /')
    expect(span.attributes['order.id']).toBe(7)
    expect(carrier.traceparent).toBe(`00-${span.traceId}-${span.spanId}-01`)
    expect(tracing.span('work').parentSpanId).toBe(span.spanId)
  })

  test.each([
    ['is ignored', { ignore: '/' }],
    ['is in an application that is not traced', { enabled: false }],
  ])('is there where the request %s, and records nothing', async (_, options) => {
    const url = await serve((app) => {
      app.get('/', (request) => ({
        recording: request.tracing.span.isRecording(),
        carrier: request.tracing.inject({}),
      }))
    }, options)
    expect(await (await fetch(url)).json()).toEqual({ recording: false, carrier: {} })
    expect(tracing.spans()).toEqual([])
  })

  test('leaves a decorator of that name alone', async () => {
    app = Fastify()
    app.decorateRequest('tracing', { getter: () => 'mine' as never })
    await app.register(fastifyTracing)
    app.get('/', (request) => ({ tracing: request.tracing }))
    const response = await app.inject('/')
    expect(response.json()).toEqual({ tracing: 'mine' })
  })
})

describe('the option "responseHeader"', () => {
  const header = async (
    name: 'server-timing' | 'traceparent',
    build: (app: FastifyInstance) => void,
  ) => {
    const url = await serve(build, { responseHeader: name })
    const response = await fetch(url)
    await response.text()
    const [span] = await tracing.waitForSpans(1)
    return { value: response.headers.get(name), sent: `00-${span!.traceId}-${span!.spanId}-03` }
  }

  test('tells browsers the trace', async () => {
    const { value, sent } = await header('server-timing', (app) => app.get('/', () => 'ok'))
    expect(value).toBe(`traceparent;desc="${sent}"`)
  })

  test('keeps what the application says in the same header', async () => {
    const { value, sent } = await header('server-timing', (app) =>
      app.get('/', (_request, reply) => reply.header('server-timing', 'db;dur=7').send('ok')),
    )
    expect(value).toBe(`db;dur=7, traceparent;desc="${sent}"`)
  })

  test('tells other clients the same as they tell us', async () => {
    const { value, sent } = await header('traceparent', (app) =>
      app.get('/', () => {
        throw new Error('also on errors')
      }),
    )
    expect(value).toBe(sent)
  })
})

describe('the option "logFields"', () => {
  async function lines(logFields: FastifyTracingOptions['logFields']) {
    const written: Record<string, unknown>[] = []
    const loggerInstance = pino(
      {},
      { write: (line: string) => void written.push(JSON.parse(line)) },
    )
    const url = await serve(
      (app) => {
        app.get('/', (request) => {
          request.log.info('mine')
          return 'ok'
        })
      },
      logFields === undefined ? {} : { logFields },
      { loggerInstance },
    )
    await (await fetch(url)).text()
    await tracing.waitForSpans(1)
    await app.close()
    return written
  }

  test('binds the ids to every line of a request from the handler on, Fastify’s own too', async () => {
    const written = await lines(true)
    const { traceId, spanId } = tracing.span('GET /')
    const ids = { trace_id: traceId, span_id: spanId, trace_flags: '01' }
    for (const msg of ['mine', 'request completed']) {
      expect(written.find((line) => line['msg'] === msg)).toMatchObject(ids)
    }
  })

  test('uses the names of a backend', async () => {
    const written = await lines('ecs')
    const { traceId } = tracing.span('GET /')
    expect(written.find((line) => line['msg'] === 'mine')).toMatchObject({ 'trace.id': traceId })
  })

  test('adds nothing by default', async () => {
    const written = await lines(undefined)
    expect(written.find((line) => line['msg'] === 'mine')).not.toHaveProperty('trace_id')
  })
})

describe('traceRequestId', () => {
  const id = async (headers: Record<string, string>) => {
    const url = await serve(
      (app) => app.get('/', (request) => request.id),
      {},
      { genReqId: traceRequestId },
    )
    return (await fetch(url, { headers })).text()
  }

  test('makes the caller’s trace id the id of the request', async () => {
    expect(await id({ traceparent: PARENT })).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    expect((await tracing.waitForSpans(1))[0]?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })

  test.each([[{}], [{ traceparent: 'garbage' }]])(
    'makes one up for a caller that sent %j',
    async (headers) => {
      expect(await id(headers)).toMatch(/^[\da-f-]{36}$/)
    },
  )

  test('is that of a span that is active already', () => {
    withSpan('outside', () => {
      expect(traceRequestId({ headers: {} })).toBe(trace.getActiveSpan()?.spanContext().traceId)
    })
  })
})

test('the option "metrics" counts requests by route and outcome, with the span’s duration', async () => {
  const reader = new PullReader()
  const metrics = new MeterProvider({ readers: [reader] })
  const url = await serve(
    (app) => {
      app.get('/orders/:id', () => 'ok')
      app.get('/broken', () => {
        throw new TypeError('broken')
      })
    },
    { metrics },
  )
  for (const path of ['/orders/1', '/orders/2', '/broken']) await (await fetch(url + path)).text()
  await tracing.waitForSpans(3)
  const { resourceMetrics } = await reader.collect()
  const [metric] = resourceMetrics.scopeMetrics[0]!.metrics
  expect(metric?.descriptor.name).toBe('http.server.request.duration')
  const series = metric!.dataPoints.map(({ attributes, value }) => ({
    route: attributes['http.route'],
    error: attributes['error.type'],
    count: (value as { count: number }).count,
  }))
  expect(series).toEqual([
    { route: '/orders/:id', error: undefined, count: 2 },
    { route: '/broken', error: 'TypeError', count: 1 },
  ])
})

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}
