import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpServerTracer } from '@throughline/core/http'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { Controller, Get, Param } from '@nestjs/common'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { traceHttpAdapter, traceOlderAdapter } from '../src/http-entry.ts'
import { TracingModule } from '../src/index.ts'
import { SCOPE } from '../src/scope.ts'
import { startApp, withoutHook } from './shop-app.ts'

type Hook = (request: IncomingMessage, response: ServerResponse, done: () => void) => unknown

let tracing: TestTracing
let server: Server | undefined

@Controller('orders')
class OrdersController {
  @Get(':id')
  one(@Param('id') id: string): string {
    return id
  }
}

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  tracing.reset()
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
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/orders/1`)
  await tracing.waitForSpans(1)
  expect(tracing.span('GET /v1/orders/:id').attributes).toMatchObject({
    'http.route': '/v1/orders/:id',
    'url.scheme': 'https',
    'client.address': '198.51.100.7',
  })
})

it.each([null, undefined, {}])('leaves an adapter without the hook alone: %s', (adapter) => {
  const tracer = new HttpServerTracer(SCOPE, 'TracingModule')
  expect(() => {
    traceHttpAdapter(adapter, tracer)
  }).not.toThrow()
  expect(traceOlderAdapter(adapter, tracer)).toBe(false)
})

it('traces the requests of an adapter that has no hook yet, by a hook of Fastify itself', async () => {
  const metadata = { imports: [TracingModule.forRoot()], controllers: [OrdersController] }
  const running = await startApp(metadata, {}, undefined, withoutHook(new FastifyAdapter()))
  try {
    await fetch(`${running.url}/orders/1`)
    await fetch(`${running.url}/nowhere`)
    await tracing.waitForSpans(3)
    expect(tracing.tree()).toBe(
      ['GET /orders/:id [SERVER]', '  OrdersController.one [INTERNAL]', 'GET [SERVER]'].join('\n'),
    )
  } finally {
    await running.close()
  }
})
