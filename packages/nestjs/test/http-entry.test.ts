import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpServerTracer } from '@throughline/core/http'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { traceHttpAdapter } from '../src/http-entry.ts'
import { SCOPE } from '../src/scope.ts'

type Hook = (request: IncomingMessage, response: ServerResponse, done: () => void) => unknown

let tracing: TestTracing
let server: Server

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})
afterAll(() => tracing.shutdown())

it('reads the route at the end where the framework routes late, as Express does', async () => {
  const adapter = {
    onRequestHook: undefined as Hook | undefined,
    setOnRequestHook(hook: Hook) {
      this.onRequestHook = hook
    },
  }
  traceHttpAdapter(adapter, new HttpServerTracer(SCOPE, 'TracingModule'))
  server = createServer((request, response) => {
    Object.assign(request, { protocol: 'https', ip: '198.51.100.7' })
    adapter.onRequestHook!(request, response, () => {
      Object.assign(request, { baseUrl: '/v1', route: { path: '/orders/:id' } })
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/orders/1`)
  await tracing.waitForSpans(1)
  expect(tracing.span('GET /v1/orders/:id').attributes).toMatchObject({
    'http.route': '/v1/orders/:id',
    'url.scheme': 'https',
    'client.address': '198.51.100.7',
  })
})

it.each([null, undefined, {}])('leaves an adapter without the hook alone: %s', (adapter) => {
  expect(() => {
    traceHttpAdapter(adapter, new HttpServerTracer(SCOPE, 'TracingModule'))
  }).not.toThrow()
})
