import { request as httpRequest } from 'node:http'
import { trace } from '@opentelemetry/api'
import { fastifyTracing } from '@throughline/fastify'
import { withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, expect, test } from 'vitest'

const tracing = createTestTracing()
let app: FastifyInstance | undefined

afterEach(async () => {
  await app?.close()
  expect(tracing.unended()).toEqual([])
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function serve(build: (app: FastifyInstance) => unknown, options = {}): Promise<string> {
  app = Fastify(options)
  await build(app)
  return app.listen({ port: 0, host: '127.0.0.1' })
}

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('a request is one server span, named by its route, that continues the caller', async () => {
  const url = await serve((app) => {
    app.register(fastifyTracing)
    app.get('/orders/:id', () => ({ ok: true }))
  })
  const response = await fetch(`${url}/orders/42?coupon=x`, { headers: { traceparent: PARENT } })
  await response.text()
  const [span] = await tracing.waitForSpans(1)
  expect(tracing.spans()).toHaveLength(1)
  expect(span).toMatchObject({
    name: 'GET /orders/:id',
    kind: 'SERVER',
    status: 'UNSET',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
    scope: { name: '@throughline/fastify', version: '0.1.0' },
  })
  expect(span?.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.route': '/orders/:id',
    'http.response.status_code': 200,
    'url.path': '/orders/42',
    'url.query': 'coupon=x',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(url).port),
    'client.address': '127.0.0.1',
    'network.protocol.version': '1.1',
  })
})

test('routes and plugins that were registered before it are traced too', async () => {
  const url = await serve((app) => {
    app.get('/early', () => withSpan('work', () => 'ok'))
    app.register(async (child) => void child.get('/child', () => 'ok'), { prefix: '/api' })
    app.register(fastifyTracing)
  })
  await (await fetch(`${url}/early`)).text()
  await (await fetch(`${url}/api/child`)).text()
  await tracing.waitForSpans(3)
  expect(tracing.tree()).toBe('GET /early [SERVER]\n  work [INTERNAL]\nGET /api/child [SERVER]')
})

test('what is not found is a span without a route and without an error', async () => {
  const url = await serve((app) => app.register(fastifyTracing))
  await (await fetch(`${url}/no/such/thing`)).text()
  const [span] = await tracing.waitForSpans(1)
  expect(span).toMatchObject({ name: 'GET', status: 'UNSET' })
  expect(span?.attributes).not.toHaveProperty('http.route')
})

test.each([
  [400, 'UNSET', undefined],
  [402, 'UNSET', undefined],
  [500, 'ERROR', 'TypeError'],
] as const)(
  'an error that is answered with %i leaves the status %s',
  async (code, status, type) => {
    const url = await serve((app) => {
      app.register(fastifyTracing)
      app.get('/fails', () => {
        throw Object.assign(new TypeError('declined'), { statusCode: code })
      })
    })
    await (await fetch(`${url}/fails`)).text()
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status })
    expect(span?.attributes['http.response.status_code']).toBe(code)
    expect(span?.attributes['error.type']).toBe(type)
    expect(span?.events).toHaveLength(status === 'ERROR' ? 1 : 0)
  },
)

test('malformed JSON is answered with 400 and is no error of the server', async () => {
  const url = await serve((app) => {
    app.register(fastifyTracing)
    app.post('/orders', () => 'never')
  })
  const headers = { 'content-type': 'application/json' }
  await (await fetch(`${url}/orders`, { method: 'POST', headers, body: '{' })).text()
  const [span] = await tracing.waitForSpans(1)
  expect(span).toMatchObject({ name: 'POST /orders', status: 'UNSET' })
  expect(span?.attributes['http.response.status_code']).toBe(400)
})

test('a client that leaves before the answer ends the span, with no invented status code', async () => {
  let arrived = (): void => {}
  const inHandler = new Promise<void>((resolve) => (arrived = resolve))
  const url = await serve((app) => {
    app.register(fastifyTracing)
    app.get('/never', () => {
      arrived()
      return new Promise(() => {})
    })
  })
  const client = httpRequest(`${url}/never`).on('error', () => {})
  client.end()
  await inHandler
  client.destroy()
  const [span] = await tracing.waitForSpans(1)
  expect(span).toMatchObject({ status: 'ERROR' })
  expect(span?.attributes['error.type']).toBe('client_disconnected')
  expect(span?.attributes).not.toHaveProperty('http.response.status_code')
})

test('an ignored request suppresses what it does, whatever its query', async () => {
  const url = await serve((app) => {
    app.register(fastifyTracing, { ignore: (request) => request.url!.startsWith('/health') })
    app.get('/health', () => withSpan('check', () => 'ok'))
    app.get('/quiet', { config: { tracing: false } }, () => withSpan('check', () => 'ok'))
    app.get('/seen', () => 'ok')
  })
  for (const path of ['/health?x=1', '/quiet', '/seen']) await (await fetch(url + path)).text()
  await tracing.waitFor((spans) => spans.some((span) => span.name === 'GET /seen'))
  expect(tracing.tree()).toBe('GET /seen [SERVER]')
})

test('a second registration changes nothing', async () => {
  const url = await serve((app) => {
    app.register(fastifyTracing)
    app.register(fastifyTracing)
    app.get('/', () => 'ok')
  })
  await (await fetch(url)).text()
  await tracing.waitForSpans(1)
  expect(tracing.spans()).toHaveLength(1)
})

test('a server started inside a span does not pull its requests into that trace', async () => {
  const url = await withSpan('boot', () =>
    serve((app) => {
      app.register(fastifyTracing)
      app.get('/', () => 'ok')
    }),
  )
  await (await fetch(url)).text()
  const span = await tracing.waitFor((spans) => spans.find((s) => s.name === 'GET /'))
  expect(span.traceId).not.toBe(tracing.span('boot').traceId)
})

test('a hook of the user that throws does not touch the answer', async () => {
  const broken = (): never => {
    throw new Error('broken hook')
  }
  const url = await serve((app) => {
    app.register(fastifyTracing, { spanName: broken, attributes: broken, ignore: broken })
    app.get('/', () => 'ok')
  })
  expect(await (await fetch(url)).text()).toBe('ok')
  expect((await tracing.waitForSpans(1))[0]?.name).toBe('GET /')
})

test('a caller that is not trusted is linked to, not continued', async () => {
  const url = await serve((app) => {
    app.register(fastifyTracing, { trust: 'edge' })
    app.get('/', () => 'ok')
  })
  await (await fetch(url, { headers: { traceparent: PARENT } })).text()
  const [span] = await tracing.waitForSpans(1)
  expect(span?.traceId).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  expect(span?.links).toMatchObject([{ spanId: '00f067aa0ba902b7' }])
})

test('a bad option is refused when the plugin is registered', async () => {
  const options = { ignore: 7 } as never
  await expect(serve((app) => app.register(fastifyTracing, options))).rejects.toThrow(
    'fastifyTracing: option "ignore" must be a function, a glob or a list of globs, got 7',
  )
})

test('without an SDK a request is served and the active span is not recording', async () => {
  await tracing.shutdown()
  const url = await serve((app) => {
    app.register(fastifyTracing)
    app.get('/', () => ({ recording: trace.getActiveSpan()?.isRecording() ?? false }))
  })
  expect(await (await fetch(url)).json()).toEqual({ recording: false })
})
