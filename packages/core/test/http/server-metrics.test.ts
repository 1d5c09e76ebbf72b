import { once } from 'node:events'
import { connect } from 'node:net'
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { createTestMetrics } from '../metrics-fixture.ts'
import { startServer, type TracedServer } from './server-fixture.ts'

const DURATION = 'http.server.request.duration'

const tracing = createTestTracing()
const servers: TracedServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function serve(...args: Parameters<typeof startServer>): Promise<TracedServer> {
  const server = await startServer(...args)
  servers.push(server)
  return server
}

const base = {
  'http.request.method': 'GET',
  'url.scheme': 'http',
  'network.protocol.version': '1.1',
}

test('requests of a route are one series, failed ones another', async () => {
  const { provider, points } = createTestMetrics()
  const server = await serve(
    (request, response, tracer) => {
      tracer.of(response)?.route('/orders/:id')
      response.statusCode = request.url === '/orders/3' ? 503 : 200
      response.end()
    },
    { metrics: provider },
  )
  for (const id of [1, 2, 3]) await server.get(`/orders/${id}`)
  await tracing.waitForSpans(3)
  const route = { ...base, 'http.route': '/orders/:id' }
  expect(await points(DURATION)).toMatchObject([
    {
      attributes: { ...route, 'http.response.status_code': 200 },
      unit: 's',
      scope: '@throughline/example-http',
      value: { count: 2, buckets: { boundaries: expect.arrayContaining([0.005, 0.075, 10]) } },
    },
    {
      attributes: { ...route, 'http.response.status_code': 503, 'error.type': '503' },
      value: { count: 1 },
    },
  ])
})

test('an unknown path or method is no series of its own', async () => {
  const { provider, points } = createTestMetrics()
  const server = await serve((_, response) => void response.end(), { metrics: provider })
  await server.get('/a')
  await server.get('/b')
  await server.get('/c', { method: 'PROPFIND' })
  await tracing.waitForSpans(3)
  expect((await points(DURATION)).map(({ attributes }) => attributes)).toEqual([
    { ...base, 'http.response.status_code': 200 },
    { ...base, 'http.request.method': '_OTHER', 'http.response.status_code': 200 },
  ])
})

test('requests that are not sampled are measured too, with their outcome', async () => {
  const { provider, points } = createTestMetrics()
  const tracerProvider = new TracerProvider({ sampler: new AlwaysOffSampler() })
  let closed: Promise<unknown> = Promise.resolve()
  const server = await serve(
    (_, response, tracer) => {
      closed = once(response, 'close')
      tracer.of(response)?.fail(new RangeError('bad'))
      response.writeHead(500).end()
    },
    { metrics: provider, tracerProvider, route: '/fails' },
  )
  await server.get('/fails')
  await closed
  expect(tracing.spans()).toEqual([])
  expect(await points(DURATION)).toMatchObject([
    { attributes: { 'http.route': '/fails', 'error.type': 'RangeError' }, value: { count: 1 } },
  ])
})

test('a client that leaves is a series without a status', async () => {
  const { provider, points } = createTestMetrics()
  const server = await serve(() => {}, { metrics: provider })
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await tracing.waitFor(() => tracing.unended().length === 1)
  socket.destroy()
  await tracing.waitForSpans(1)
  expect((await points(DURATION)).map(({ attributes }) => attributes)).toEqual([
    { ...base, 'error.type': 'client_disconnected' },
  ])
})

test('a request that something else traces is measured by that', async () => {
  const { provider, names } = createTestMetrics()
  const upstream = trace.getTracer('upstream').startSpan('GET', { kind: SpanKind.SERVER })
  const server = await serve((_, response) => void response.end(), {
    metrics: provider,
    around: () => trace.setSpan(ROOT_CONTEXT, upstream),
  })
  await server.get('/')
  upstream.end()
  expect(await names()).toEqual([])
})
