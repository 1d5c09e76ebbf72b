import { once } from 'node:events'
import { Agent, get as httpGet, request as httpRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { withSpan } from '@throughline/core'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { expect } from 'vitest'
import { call, dial, post, rows, said, send, signal } from './fixture.ts'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const orders = (app: FastifyInstance) => app.get('/orders/:id', () => ({ ok: true }))

rows('Answers', (row) => {
  row('a route', '`GET /orders/:id`, 200, child of the caller', async ({ serve, server }) => {
    const url = await serve(orders)
    await call(`${url}/orders/7`, { headers: { traceparent: PARENT } })
    const span = await server()
    expect(said(span)).toBe('GET /orders/:id 200 UNSET')
    expect(span.parentSpanId).toBe('00f067aa0ba902b7')
  })

  row('a route under a prefix', 'the route with its prefix', async ({ serve, server }) => {
    const url = await serve((app) =>
      app.register(async (api) => void orders(api), { prefix: '/v1' }),
    )
    await call(`${url}/v1/orders/7`)
    expect(said(await server())).toBe('GET /v1/orders/:id 200 UNSET')
  })

  row('nothing there (404)', '`GET`, 404, no route, no error', async ({ serve, server }) => {
    const url = await serve(() => {})
    await call(`${url}/no/such/thing`)
    const span = await server()
    expect(said(span)).toBe('GET 404 UNSET')
    expect(span.attributes).not.toHaveProperty('http.route')
  })

  row('`HEAD` of a `GET` route', '`HEAD /orders/:id`, 200', async ({ serve, server }) => {
    const url = await serve(orders)
    await call(`${url}/orders/7`, { method: 'HEAD' })
    expect(said(await server())).toBe('HEAD /orders/:id 200 UNSET')
  })

  row('`OPTIONS` without a route', '`OPTIONS`, 404', async ({ serve, server }) => {
    const url = await serve(orders)
    await call(`${url}/orders/7`, { method: 'OPTIONS' })
    expect(said(await server())).toBe('OPTIONS 404 UNSET')
  })

  row(
    'a method that nobody knows',
    '`HTTP`, method `_OTHER`, the original beside it',
    async ({ serve, server }) => {
      const url = await serve(orders)
      await send(url, 'PURGE /orders/7 HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n')
      const span = await server()
      expect(said(span)).toBe('HTTP 404 UNSET')
      expect(span.attributes).toMatchObject({
        'http.request.method': '_OTHER',
        'http.request.method_original': 'PURGE',
      })
    },
  )

  row('malformed JSON', '400, no error', async ({ serve, server }) => {
    const url = await serve((app) => app.post('/orders', () => 'never'))
    await post(`${url}/orders`, '{')
    expect(said(await server())).toBe('POST /orders 400 UNSET')
  })

  row('a body over the limit', '413, no error', async ({ serve, server }) => {
    const url = await serve((app) => app.post('/orders', { bodyLimit: 2 }, () => 'never'))
    await post(`${url}/orders`, '{"a":1}')
    expect(said(await server())).toBe('POST /orders 413 UNSET')
  })

  row('a body of an unknown type', '415, no error', async ({ serve, server }) => {
    const url = await serve((app) => app.post('/orders', () => 'never'))
    await post(`${url}/orders`, 'x', { 'content-type': 'application/unknown' })
    expect(said(await server())).toBe('POST /orders 415 UNSET')
  })

  row('a body that the schema refuses', '400, no error', async ({ serve, server }) => {
    const body = { type: 'object', required: ['sku'] }
    const url = await serve((app) => app.post('/orders', { schema: { body } }, () => 'never'))
    await post(`${url}/orders`, '{}')
    expect(said(await server())).toBe('POST /orders 400 UNSET')
  })

  row('`Expect: 100-continue`', 'one span, 200', async ({ serve, server, tracing }) => {
    const url = await serve((app) => app.post('/orders', (request) => request.body))
    const headers = { 'content-type': 'application/json', expect: '100-continue' }
    const sent = httpRequest(`${url}/orders`, { method: 'POST', headers })
    sent.flushHeaders()
    await once(sent, 'continue')
    sent.end('{}')
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
    await text(response as never)
    expect(said(await server())).toBe('POST /orders 200 UNSET')
    expect(tracing.spans()).toHaveLength(1)
  })

  row(
    'a connection kept alive',
    'a span and a trace for each request',
    async ({ serve, tracing }) => {
      const url = await serve(orders)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let at = 0; at < 3; at++) {
        const [response] = await once(httpGet(`${url}/orders/${at}`, { agent }), 'response')
        await text(response)
      }
      agent.destroy()
      const spans = await tracing.waitForSpans(3)
      expect(new Set(spans.map((span) => span.traceId)).size).toBe(3)
      expect(new Set(spans.map((span) => span.attributes['network.peer.port'])).size).toBe(1)
    },
  )

  row('pipelined requests', 'a span each, with its own answer', async ({ serve, tracing }) => {
    const url = await serve((app) => {
      app.get('/slow', async () => {
        await new Promise((resolve) => setImmediate(resolve))
        return withSpan('slow work', () => 'ok')
      })
      app.get('/quick', () => withSpan('quick work', () => 'ok'))
    })
    const lines = ['/slow', '/quick', '/none'].map(
      (path) => `GET ${path} HTTP/1.1\r\nhost: shop\r\n`,
    )
    await send(url, `${lines.join('\r\n')}connection: close\r\n\r\n`)
    await tracing.waitForSpans(5)
    expect(tracing.tree().split('\n').toSorted()).toEqual([
      '  quick work [INTERNAL]',
      '  slow work [INTERNAL]',
      'GET /quick [SERVER]',
      'GET /slow [SERVER]',
      'GET [SERVER]',
    ])
    expect(tracing.spans().map(said)).toContain('GET 404 UNSET')
  })

  row('400 requests at once', 'none is mixed up with another', async ({ serve, tracing }) => {
    const url = await serve((app) => {
      app.post<{ Params: { id: string } }>('/orders/:id', async ({ params }) => {
        await new Promise((resolve) => setTimeout(resolve, Number(params.id) % 7))
        return withSpan(`work ${params.id}`, () => 'ok')
      })
    })
    const ids = Array.from({ length: 400 }, (_, at) => at)
    await Promise.all(
      ids.map((id) => {
        const traceparent = `00-${(id + 1).toString(16).padStart(32, '0')}-00f067aa0ba902b7-01`
        return post(`${url}/orders/${id}`, '{}', { traceparent })
      }),
    )
    await tracing.waitForSpans(800, 12_000)
    for (const id of ids) {
      const work = tracing.span(`work ${id}`)
      expect(work.traceId).toBe((id + 1).toString(16).padStart(32, '0'))
    }
    expect(tracing.orphans()).toEqual([])
  })

  row('HTTP/2', 'the same span, protocol version 2', async ({ serve, server }) => {
    const url = await serve(orders, { http2: true } as FastifyServerOptions)
    const client = connectHttp2(url)
    await text(client.request({ ':path': '/orders/7' }).end() as never)
    client.close()
    const span = await server()
    expect(said(span)).toBe('GET /orders/:id 200 UNSET')
    expect(span.attributes['network.protocol.version']).toBe('2')
    expect(span.attributes['server.port']).toBe(Number(new URL(url).port))
  })

  row('an injected request', 'the same span, without a socket', async ({ serve, server, app }) => {
    await serve(orders)
    await app().inject('/orders/7')
    expect(said(await server())).toBe('GET /orders/:id 200 UNSET')
  })

  row(
    'a malformed URL (`%E0%A4%A`)',
    'no span: Fastify answers before its hooks; `@throughline/http` sees it',
    async ({ serve, tracing }) => {
      const url = await serve(orders)
      const answer = await send(
        url,
        'GET /%E0%A4%A HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      )
      expect(answer).toContain('400 Bad Request')
      await call(`${url}/orders/7`)
      await tracing.waitForSpans(1)
      expect(tracing.tree()).toBe('GET /orders/:id [SERVER]')
    },
  )

  row(
    '503 while closing',
    'no span: Fastify answers before its hooks; `@throughline/http` sees it',
    async ({ serve, app, tracing }) => {
      const { reached, reach } = signal()
      const open = signal()
      const url = await serve(
        (app) => {
          app.get('/slow', async () => {
            reach()
            await open.reached
            return 'ok'
          })
        },
        { forceCloseConnections: false },
      )
      const socket = await dial(url, 'GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
      await reached
      const closed = app().close()
      await new Promise((resolve) => setImmediate(resolve))
      socket.write('GET /late HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
      open.reach()
      expect(await text(socket)).toContain('503 Service Unavailable')
      await closed
      expect(tracing.tree()).toBe('GET /slow [SERVER]')
    },
  )

  row('a query', 'in `url.query`, never in `url.path`', async ({ serve, server }) => {
    const url = await serve(orders)
    await call(`${url}/orders/7?coupon=x`)
    expect((await server()).attributes).toMatchObject({
      'url.path': '/orders/7',
      'url.query': 'coupon=x',
    })
  })

  row('a signed URL', 'its signature is redacted', async ({ serve, server }) => {
    const url = await serve(orders)
    await call(`${url}/orders/7?a=1&X-Amz-Signature=secret&sig=secret`)
    const { attributes } = await server()
    expect(attributes['url.query']).toBe('a=1&X-Amz-Signature=REDACTED&sig=REDACTED')
  })

  row('listed headers', 'recorded as lists; no others are', async ({ serve, server }) => {
    const captureHeaders = { request: ['X-Tenant'], response: ['x-cache'] }
    const url = await serve(
      (app) => app.get('/', (_request, reply) => reply.header('x-cache', 'hit').send('ok')),
      { tracing: { captureHeaders } },
    )
    await call(url, { headers: { 'x-tenant': 'acme', authorization: 'secret' } })
    const { attributes } = await server()
    expect(attributes['http.request.header.x-tenant']).toEqual(['acme'])
    expect(attributes['http.response.header.x-cache']).toEqual(['hit'])
    expect(JSON.stringify(attributes)).not.toContain('secret')
  })
})

rows('Proxies', (row) => {
  const headers = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'https',
  }

  row(
    'forged `X-Forwarded-*`',
    "the socket's address and scheme",
    async ({ serve, app, server }) => {
      const url = await serve(orders)
      await call(`${url}/orders/7`, { headers })
      expect((await server()).attributes).toMatchObject({
        'client.address': '127.0.0.1',
        'server.address': '127.0.0.1',
        'server.port': (app().server.address() as AddressInfo).port,
        'url.scheme': 'http',
      })
    },
  )

  row(
    '`X-Forwarded-*` with `trustProxy`',
    "the client's address, host and scheme; the proxy is the peer",
    async ({ serve, server }) => {
      const url = await serve(orders, { trustProxy: true })
      await call(`${url}/orders/7`, { headers })
      expect((await server()).attributes).toMatchObject({
        'client.address': '203.0.113.9',
        'network.peer.address': '127.0.0.1',
        'server.address': 'shop.example',
        'server.port': 443,
        'url.scheme': 'https',
      })
    },
  )
})
