import { once } from 'node:events'
import { Agent, createServer, request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { withSpan } from '@throughline/core'
import { traceHttpServer } from '@throughline/http'
import { describe, expect, test } from 'vitest'
import { exchange, get, portOf } from '../servers.ts'
import { SERVERS, deferred, useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

describe.each(SERVERS)('Connections · %s', (_name, build) => {
  test('requests on one connection are spans of their own', async () => {
    const url = await serve(
      build((request, response) => withSpan(`work ${request.url}`, () => response.end())),
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['/1', '/2', '/3']) await get(url + path, { agent })
    agent.destroy()
    await tracing.waitForSpans(6)
    const servers = tracing.spans().filter((span) => span.kind === 'SERVER')
    expect(new Set(servers.map((span) => span.traceId)).size).toBe(3)
    expect(new Set(servers.map((span) => span.attributes['network.peer.port'])).size).toBe(1)
    for (const span of servers) {
      expect(tracing.span(`work ${String(span.attributes['url.path'])}`).parentSpanId).toBe(
        span.spanId,
      )
    }
  })

  test('pipelined requests do not mix, and end each with its own answer', async () => {
    const second = deferred()
    const url = await serve(
      build((request, response) => {
        const answer = (): unknown => withSpan(`work ${request.url}`, () => response.end())
        if (request.url === '/1') void second.promise.then(() => setImmediate(answer))
        else {
          answer()
          second.resolve()
        }
      }),
    )
    await exchange(
      url,
      'GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    )
    await tracing.waitForSpans(4)
    for (const span of tracing.spans().filter(({ kind }) => kind === 'SERVER')) {
      expect(span.status).toBe('UNSET')
      expect(tracing.span(`work ${String(span.attributes['url.path'])}`).parentSpanId).toBe(
        span.spanId,
      )
    }
  })

  test('400 concurrent requests do not mix', async () => {
    const url = await serve(
      build((request, response) => {
        setTimeout(() => withSpan(`work ${request.url}`, () => response.end()), 1)
      }),
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 50 })
    const ids = Array.from({ length: 400 }, (_, at) => (at + 1).toString(16).padStart(32, '0'))
    const send = (id: string): Promise<unknown> =>
      get(`${url}/${id}`, { agent, headers: { traceparent: `00-${id}-00f067aa0ba902b7-01` } })
    await Promise.all(ids.map(send))
    agent.destroy()
    await tracing.waitForSpans(800)
    const entries = new Map(
      tracing
        .spans()
        .filter(({ kind }) => kind === 'SERVER')
        .map((span) => [span.traceId, span]),
    )
    for (const span of tracing.spans().filter(({ kind }) => kind === 'INTERNAL')) {
      const id = span.name.slice('work /'.length)
      expect([span.traceId, span.parentSpanId]).toEqual([id, entries.get(id)?.spanId])
    }
  })

  test('Expect: 100-continue is one span', async () => {
    const url = await serve(
      build((request, response) => {
        request.resume().on('end', () => response.end('ok'))
      }),
    )
    const headers = { expect: '100-continue' }
    const client = httpRequest(url, { method: 'POST', agent: false, headers })
    client.flushHeaders()
    await once(client, 'continue')
    client.end('body')
    const [response] = await once(client, 'response')
    response.resume()
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span).toMatchObject({ name: 'POST', status: 'UNSET' })
    expect(span?.attributes['http.response.status_code']).toBe(200)
  })
})

describe('Connections that are taken over', () => {
  test('a listener for checkContinue that hands the request on is one span', async () => {
    const server = traceHttpServer(createServer((_request, response) => response.end()))
    server.on('checkContinue', (request, response) => {
      withSpan('check', () => response.writeContinue())
      server.emit('request', request, response)
    })
    const headers = { expect: '100-continue' }
    const client = httpRequest(await serve(server), { method: 'POST', agent: false, headers })
    client.end('body')
    const [response] = await once(client, 'response')
    response.resume()
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('POST [SERVER]\n  check [INTERNAL]')
  })

  test.each(['end', 'destroy'] as const)(
    'an upgraded connection is a span until it is closed, and what it does is inside · %s',
    async (close) => {
      const message = deferred()
      const server = traceHttpServer(createServer())
      server.on('upgrade', (_request, socket: Socket) => {
        socket.on('error', () => {}).on('end', () => socket.end())
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
        )
        withSpan('handshake', () => {})
        socket.once('data', () => message.resolve())
      })
      await serve(server)
      const socket = connect(portOf(server), '127.0.0.1')
      socket.write('GET /chat HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
      await once(socket, 'data')
      socket.write('hello')
      await message.promise
      expect(tracing.spans().map(({ name }) => name)).toEqual(['handshake'])
      socket[close]()
      await tracing.waitForSpans(2)
      expect(tracing.tree()).toBe('GET [SERVER]\n  handshake [INTERNAL]')
      expect(tracing.span('GET').attributes['url.path']).toBe('/chat')
    },
  )

  test('an upgrade that nobody listens for is what Node makes of it', async () => {
    const url = await serve(traceHttpServer(createServer((_request, response) => response.end())))
    const head = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'
    await Promise.race([exchange(url, head), tracing.waitForSpans(1)])
    expect(tracing.spans().length).toBeLessThan(2)
  })

  test('CONNECT is a span until the tunnel is closed', async () => {
    const server = traceHttpServer(createServer())
    server.on('connect', (_request, socket: Socket) => {
      socket.end('HTTP/1.1 200 Connection Established\r\n\r\n')
    })
    const url = await serve(server)
    expect(await exchange(url, 'CONNECT shop.example:443 HTTP/1.1\r\nhost: x\r\n\r\n')).toContain(
      '200',
    )
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'CONNECT', status: 'UNSET' })
  })
})
