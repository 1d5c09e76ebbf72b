import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, createServer, type ClientHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { context } from '@opentelemetry/api'
import { HttpServerTracer } from '@throughline/core/http'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

const tracing = createTestTracing()
const tracer = new HttpServerTracer({ name: 'test', version: '1.0.0' }, 'test')
let answer = (response: ServerResponse): void => void response.end('ok')
const server = createServer((request, response) => {
  // The compatibility API has the shape of HTTP/1's, which is what frameworks rely on.
  const [req, res] = [request, response] as unknown as [IncomingMessage, ServerResponse]
  context.with(tracer.start(req, res, { route: '/orders/:id' }), () => answer(res))
})
let client: ClientHttp2Session

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterEach(() => tracing.reset())
afterAll(async () => {
  client.close()
  server.close()
  await once(server, 'close')
  await tracing.shutdown()
})

const serverSpan = (): Promise<TestSpan> => tracing.waitFor((spans) => spans[0])

test.each([
  [200, 'UNSET', undefined],
  [404, 'UNSET', undefined],
  [500, 'ERROR', '500'],
])('a stream that was answered with %i leaves the span %s', async (code, status, type) => {
  answer = (response) => void response.writeHead(code).end('ok')
  const stream = client.request({ ':path': '/orders/7', ':authority': 'shop.example:8443' })
  stream.resume()
  const span = await serverSpan()
  expect(span).toMatchObject({ name: 'GET /orders/:id', kind: 'SERVER', status })
  expect(span.attributes).toMatchObject({
    'http.response.status_code': code,
    'network.protocol.version': '2',
    'url.path': '/orders/7',
    'server.address': 'shop.example',
    'server.port': 8443,
  })
  expect(span.attributes['error.type']).toBe(type)
})

test('a client that resets its stream is an error', async () => {
  answer = (response) => void response.write('first')
  const stream = client.request({ ':path': '/orders/7' })
  await once(stream, 'response')
  stream.close(8) // NGHTTP2_CANCEL
  expect(await serverSpan()).toMatchObject({
    status: 'ERROR',
    attributes: { 'error.type': 'client_disconnected', 'http.response.status_code': 200 },
  })
})
