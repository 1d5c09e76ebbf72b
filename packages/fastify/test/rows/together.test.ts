import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { SpanKind, trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { withSpan } from '@throughline/core'
import { fastifyTracing } from '@throughline/fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, expect, vi } from 'vitest'
import { call, rows, said, send } from './fixture.ts'

const require = createRequire(import.meta.url)
const http = new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true })
http.disable()
afterAll(() => http.disable())

async function withHttp(run: () => Promise<void>): Promise<void> {
  http.enable()
  require('node:http') // it patches at a `require`
  try {
    await run()
  } finally {
    http.disable()
  }
}

const orders = (app: FastifyInstance) => app.get('/orders/:id', () => withSpan('work', () => 'ok'))

rows('Beside other instrumentations', (row) => {
  row(
    'with instrumentation-http',
    'its span gets our route; no second one',
    async ({ serve, server, tracing }) => {
      await withHttp(async () => {
        const url = await serve(orders)
        await call(`${url}/orders/7`)
        const span = await server()
        expect(said(span)).toBe('GET /orders/:id 200 UNSET')
        expect(span.attributes['http.route']).toBe('/orders/:id')
        expect(span.scope.name).toBe('@opentelemetry/instrumentation-http')
        expect(tracing.tree()).toBe('GET /orders/:id [SERVER]\n  work [INTERNAL]')
      })
    },
  )

  row(
    'with instrumentation-http, an error',
    'its span says what happened, with our exception',
    async ({ serve, server }) => {
      await withHttp(async () => {
        const url = await serve((app) =>
          app.get('/', () => {
            throw new TypeError('broken')
          }),
        )
        await call(url)
        const span = await server()
        expect(span.status).toBe('ERROR')
        expect(span.events.map((event) => event.attributes['exception.type'])).toEqual([
          'TypeError',
        ])
      })
    },
  )

  row(
    'with instrumentation-http, a malformed URL',
    'its span, since Fastify calls no hook',
    async ({ serve, server }) => {
      await withHttp(async () => {
        const url = await serve(orders)
        await send(url, 'GET /%E0%A4%A HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
        expect(said(await server())).toBe('GET 400 UNSET')
      })
    },
  )

  for (const order of ['before', 'after']) {
    row(
      'with @fastify/otel, in either order',
      'one SERVER span',
      async ({ serve, server, tracing }) => {
        const url = await serve(
          (app) => {
            const plugin = new FastifyOtelInstrumentation().plugin()
            if (order === 'before') app.register(plugin as never)
            app.register(fastifyTracing)
            if (order === 'after') app.register(plugin as never)
            app.register(async (child) => void orders(child))
          },
          { tracing: false },
        )
        await call(`${url}/orders/7`)
        await server()
        const kinds = tracing.spans().map((span) => span.kind)
        expect(kinds.filter((kind) => kind === 'SERVER')).toHaveLength(1)
      },
      5,
    )
  }

  row('with both', 'one SERVER span', async ({ serve, server, tracing }) => {
    await withHttp(async () => {
      const url = await serve(
        (app) => {
          app.register(new FastifyOtelInstrumentation().plugin() as never)
          app.register(fastifyTracing)
          app.register(async (child) => void orders(child))
        },
        { tracing: false },
      )
      await call(`${url}/orders/7`)
      const span = await server()
      expect(span.scope.name).toBe('@opentelemetry/instrumentation-http')
      expect(span.name).toBe('GET /orders/:id')
      const kinds = tracing.spans().map(({ kind }) => kind)
      expect(kinds.filter((kind) => kind === 'SERVER')).toHaveLength(1)
    })
  })

  row('with an SDK of the line 2', 'the same span', async ({ serve }) => {
    const exporter = new InMemorySpanExporter()
    const spanProcessors = [new SimpleSpanProcessor(exporter)]
    const tracerProvider = new BasicTracerProvider({ spanProcessors })
    const url = await serve(orders, { tracing: { tracerProvider } })
    await call(`${url}/orders/7`)
    await vi.waitUntil(() => exporter.getFinishedSpans().length > 0)
    const [span] = exporter.getFinishedSpans()
    expect(span).toMatchObject({ name: 'GET /orders/:id', kind: SpanKind.SERVER })
    expect(span?.instrumentationScope.name).toBe('@throughline/fastify')
    expect(span?.attributes).toMatchObject({
      'http.route': '/orders/:id',
      'http.response.status_code': 200,
    })
  })

  row('without an SDK', 'served; nothing is recorded', async ({ serve, tracing }) => {
    trace.disable()
    const url = await serve((app) =>
      app.get('/', (request) => ({ recording: request.tracing.span.isRecording() })),
    )
    expect(await (await fetch(url)).json()).toEqual({ recording: false })
    trace.setGlobalTracerProvider(tracing.tracerProvider)
    expect(tracing.spans()).toEqual([])
  })
})
