import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import {
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  context,
  createContextKey,
  propagation,
  trace,
  type Span,
} from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { activeServerRequest } from '@throughline/core/http'
import { suppressTracing } from '@throughline/core/propagation'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { startServer, type ServerSetup, type TracedServer } from './server-fixture.ts'

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

const serverSpan = (): Promise<TestSpan> =>
  tracing.waitFor((spans) => spans.find((span) => span.kind === 'SERVER'))

/** The span of one request to a server that answers so. */
async function spanOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  path = '/orders/7',
  {
    headers = {},
    method = 'GET',
    ...setup
  }: ServerSetup & {
    headers?: Record<string, string>
    method?: string
  } = {},
): Promise<TestSpan> {
  const server = await serve(answer, setup)
  await server.get(path, { headers, method })
  return serverSpan()
}

const ok = (_: IncomingMessage, response: ServerResponse) => void response.end('ok')
const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`

describe('a request', () => {
  test('is a server span with what the conventions ask for', async () => {
    const headers = { host: 'shop.example:8443', 'user-agent': 'test/1' }
    const span = await spanOf(ok, '/orders/7?page=2', { headers, route: '/orders/:id' })
    expect(span).toMatchObject({ name: 'GET /orders/:id', kind: 'SERVER', status: 'UNSET' })
    expect(span.scope).toEqual({ name: '@throughline/example-http', version: '1.2.3' })
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/orders/:id',
      'url.path': '/orders/7',
      'url.query': 'page=2',
      'url.scheme': 'http',
      'server.address': 'shop.example',
      'server.port': 8443,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number) as number,
      'network.protocol.version': '1.1',
      'user_agent.original': 'test/1',
    })
  })

  test.each([
    ['shop.example', 'shop.example', 80],
    ['[::1]:3000', '::1', 3000],
    ['[::1]', '::1', 80],
    ['shop.example:junk', 'shop.example', 80],
  ])('to the host %s has its address and port', async (host, address, port) => {
    const { attributes } = await spanOf(ok, '/', { headers: { host } })
    expect(attributes).toMatchObject({ 'server.address': address, 'server.port': port })
  })

  test.each([
    ['http://shop.example:8080/orders/7?page=2', '/orders/7', 'page=2', 'shop.example', 8080],
    ['http://bob:secret@shop.example/orders', '/orders', undefined, 'shop.example', 80],
    ['http://shop.example', '/', undefined, 'shop.example', 80],
    ['http://shop.example?page=2', '/', 'page=2', 'shop.example', 80],
    ['/to?url=http://other.example/x', '/to', 'url=http://other.example/x', 'localhost', 80],
  ])('for the target %s has its path alone', async (target, path, query, address, port) => {
    const { attributes } = await spanOf(ok, target, { headers: { host: 'localhost' } })
    expect(attributes).toMatchObject({
      'url.path': path,
      'server.address': address,
      'server.port': port,
    })
    expect(attributes['url.query']).toBe(query)
  })

  test('costs nothing where there is nothing to trace with', async () => {
    const tracerProvider = new ProxyTracerProvider()
    const propagator = { inject: () => {}, extract: () => expect.fail(), fields: () => [] }
    const marked: unknown[] = []
    const server = await serve(
      (_, response, tracer) => {
        marked.push(tracer.of(response))
        response.end()
      },
      { tracerProvider, propagator },
    )
    expect(await server.get('/')).toMatchObject({ status: 200 })
    expect(marked).toEqual([undefined])
  })

  test('without a route is named by its method, never by its path', async () => {
    const span = await spanOf(ok)
    expect(span.name).toBe('GET')
    expect(span.attributes).not.toHaveProperty('http.route')
  })

  test('with a method that nobody knows is HTTP, and keeps the method', async () => {
    const span = await spanOf(ok, '/', { method: 'PROPFIND', route: '/files' })
    expect(span.name).toBe('HTTP /files')
    expect(span.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    })
  })

  test('may learn its route later', async () => {
    const server = await serve((req, res, tracer) => {
      tracer.of(res)!.route('/orders/:id')
      ok(req, res)
    })
    await server.get('/orders/7')
    expect(await serverSpan()).toMatchObject({
      name: 'GET /orders/:id',
      attributes: { 'http.route': '/orders/:id' },
    })
  })

  test.each([
    ['a=1&sig=secret&b=2', 'a=1&sig=REDACTED&b=2'],
    [
      'X-Amz-Signature=a&X-Amz-Credential=b&AWSAccessKeyId=c',
      'X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&AWSAccessKeyId=REDACTED',
    ],
    ['X-Goog-Signature=', 'X-Goog-Signature=REDACTED'],
    ['design=blue&sig', 'design=blue&sig'],
    ['', ''],
  ])('with the query %j records %j', async (query, recorded) => {
    const { attributes } = await spanOf(ok, `/orders?${query}`)
    expect(attributes).toMatchObject({ 'url.path': '/orders', 'url.query': recorded })
  })

  test('records the listed headers alone', async () => {
    const span = await spanOf(
      (req, res) => {
        res.setHeader('x-tags', ['a', 'b'])
        res.setHeader('x-count', 7)
        res.setHeader('set-cookie', 'secret')
        ok(req, res)
      },
      '/',
      {
        headers: { 'x-tenant': 'acme', cookie: 'secret' },
        captureHeaders: { request: ['X-Tenant', 'x-absent'], response: ['X-Tags', 'x-count'] },
      },
    )
    expect(span.attributes).toMatchObject({
      'http.request.header.x-tenant': ['acme'],
      'http.response.header.x-tags': ['a', 'b'],
      'http.response.header.x-count': ['7'],
    })
    expect(span.attributes).not.toHaveProperty('http.request.header.x-absent')
    expect(JSON.stringify(span)).not.toContain('secret')
  })
})

describe('the end of a request', () => {
  test.each([
    [200, 'UNSET', undefined],
    [304, 'UNSET', undefined],
    [404, 'UNSET', undefined],
    [499, 'UNSET', undefined],
    [500, 'ERROR', '500'],
    [503, 'ERROR', '503'],
  ])('by status %i leaves the span %s', async (code, status, type) => {
    const span = await spanOf((_, response) => response.writeHead(code).end())
    expect(span.status).toBe(status)
    expect(span.attributes['http.response.status_code']).toBe(code)
    expect(span.attributes['error.type']).toBe(type)
  })

  test('by a failure that was answered with 500 tells the failure, once', async () => {
    const server = await serve((_, res, tracer) => {
      tracer.of(res)!.fail(new TypeError('no such order'))
      tracer.of(res)!.fail(new Error('and then another'))
      res.writeHead(500).end()
    })
    await server.get('/')
    expect(await serverSpan()).toMatchObject({
      status: 'ERROR',
      statusMessage: 'no such order',
      attributes: { 'error.type': 'TypeError', 'http.response.status_code': 500 },
      events: [{ name: 'exception' }],
    })
  })

  test('by a failure that was answered below 500 is no error', async () => {
    const server = await serve((_, res, tracer) => {
      tracer.of(res)!.fail(new Error('no such order'))
      res.writeHead(404).end()
    })
    await server.get('/')
    expect(await serverSpan()).toMatchObject({ status: 'UNSET', events: [] })
  })

  test('by a timeout says so', async () => {
    const server = await serve((_, res, tracer) => {
      tracer.of(res)!.timeout()
      res.writeHead(503).end()
    })
    await server.get('/')
    expect((await serverSpan()).attributes['error.type']).toBe('timeout')
  })

  test('comes with the response, not with the handler', async () => {
    let finish = (): void => {}
    const server = await serve((_, res) => {
      res.write('first')
      finish = () => void res.end('last')
    })
    const answer = server.get('/')
    await tracing.waitFor(() => tracing.unended().includes('GET'))
    expect(tracing.spans()).toEqual([])
    finish()
    expect(await answer).toEqual({ status: 200, body: 'firstlast' })
    expect((await serverSpan()).status).toBe('UNSET')
  })

  test.each([
    ['before the headers', () => {}, undefined],
    ['in mid-stream', (_: IncomingMessage, res: ServerResponse) => void res.write('first'), 200],
  ])('by a client that leaves %s is an error with what was sent', async (_, begin, status) => {
    const { port } = await serve(begin)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n')
    await tracing.waitFor(() => tracing.unended().length > 0)
    if (status) await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    const span = await serverSpan()
    expect(span).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'client_disconnected' },
    })
    expect(span.attributes['http.response.status_code']).toBe(status)
    expect(tracing.endedTwice()).toEqual([])
  })

  test('by a server that never answers comes when the connection goes', async () => {
    const server = await serve(() => {})
    const answer = server.get('/').catch((error: Error) => error)
    await tracing.waitFor(() => tracing.unended().length > 0)
    await servers.pop()!.close()
    expect(await answer).toBeInstanceOf(Error)
    expect((await serverSpan()).status).toBe('ERROR')
  })

  test('by a handler that destroys the response with its error tells that error', async () => {
    const server = await serve((_, res, tracer) => {
      const error = new RangeError('the stream broke')
      tracer.of(res)!.fail(error)
      res.write('first')
      res.destroy()
    })
    await server.get('/').catch(() => {})
    expect((await serverSpan()).attributes['error.type']).toBe('RangeError')
  })

  test('by a stream that was piped into it tells the error of the stream', async () => {
    const server = await serve((_, response) => {
      response.write('first', () => response.destroy(new RangeError('the stream broke')))
    })
    await server.get('/').catch(() => {})
    expect((await serverSpan()).attributes['error.type']).toBe('RangeError')
  })

  test('by a server that gives up its answer is not blamed on the client', async () => {
    const server = await serve((_, response) => {
      response.write('half')
      response.destroy()
    })
    await expect(server.get('/orders/7')).rejects.toThrow()
    const span = await serverSpan()
    expect(span.status).toBe('ERROR')
    expect(span.attributes['error.type']).toBe('response_aborted')
  })

  test('asks the hook "attributes" once, with everything known', async () => {
    const seen: unknown[] = []
    const span = await spanOf((_, res) => res.writeHead(201).end(), '/', {
      attributes: ({ request, response, error }) => {
        seen.push([request.url, response.statusCode, error])
        return { tenant: 'acme' }
      },
    })
    expect(seen).toEqual([['/', 201, undefined]])
    expect(span.attributes['tenant']).toBe('acme')
  })
})

describe('two requests on one connection', () => {
  test('are two spans of two traces', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    const server = await serve((req, res) => {
      ports.add(req.socket.remotePort)
      withSpan(`work ${req.url}`, () => ok(req, res))
    })
    await server.get('/1', { agent })
    await server.get('/2', { agent })
    agent.destroy()
    const spans = await tracing.waitForSpans(4)
    expect(ports.size).toBe(1)
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(2)
    expect(tracing.tree()).toBe(
      'GET [SERVER]\n  work /1 [INTERNAL]\nGET [SERVER]\n  work /2 [INTERNAL]',
    )
  })
})

describe('the caller', () => {
  test('is the parent, and its baggage comes along', async () => {
    let tenant: string | undefined
    const headers = { traceparent, baggage: 'tenant=acme' }
    const span = await spanOf(
      (req, res) => {
        tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value
        ok(req, res)
      },
      '/',
      { headers },
    )
    expect(span).toMatchObject({ traceId: '1'.repeat(32), parentSpanId: '2'.repeat(16), links: [] })
    expect(tenant).toBe('acme')
  })

  test('is only linked to at an edge, and its baggage stays outside', async () => {
    let baggage: unknown = 'not asked'
    const span = await spanOf(
      (req, res) => {
        baggage = propagation.getActiveBaggage()
        ok(req, res)
      },
      '/',
      { headers: { traceparent, baggage: 'tenant=acme' }, trust: 'edge' },
    )
    expect(span.parentSpanId).toBeUndefined()
    expect(span.traceId).not.toBe('1'.repeat(32))
    expect(span.links).toMatchObject([{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }])
    expect(baggage).toBeUndefined()
  })
})

describe('the hook "spanName"', () => {
  const spanName = (request: IncomingMessage, route: string | undefined) =>
    `${request.method} my ${route ?? 'unknown'}`

  test('names a request when it starts', async () => {
    expect((await spanOf(ok, '/', { spanName })).name).toBe('GET my unknown')
  })

  test('keeps the last word when the route becomes known', async () => {
    const server = await serve(
      (req, res, tracer) => {
        tracer.of(res)!.route('/orders/:id')
        ok(req, res)
      },
      { spanName },
    )
    await server.get('/')
    expect((await serverSpan()).name).toBe('GET my /orders/:id')
  })
})

describe('what is ignored or suppressed', () => {
  const work = (req: IncomingMessage, res: ServerResponse) => withSpan('work', () => ok(req, res))

  test('an ignored request makes no span, nor does anything inside it', async () => {
    const server = await serve(work, { ignore: ({ url }) => url === '/health' })
    expect((await server.get('/health')).body).toBe('ok')
    await server.get('/orders')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET [SERVER]\n  work [INTERNAL]')
  })

  test('a request in a suppressed context makes no span', async () => {
    const server = await serve(work, { around: () => suppressTracing(ROOT_CONTEXT) })
    expect((await server.get('/')).body).toBe('ok')
    expect(server.tracer.enabled).toBe(true)
    expect([...tracing.spans(), ...tracing.unended()]).toEqual([])
  })
})

describe('where another instrumentation made the server span', () => {
  const KEY = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA')
  const upstreamSpan = (name: string, kind = SpanKind.SERVER): Span =>
    trace.getTracer('upstream').startSpan(name, { kind }, ROOT_CONTEXT)

  test('it is named and described, never doubled, and its owner ends it', async () => {
    const metadata: { type: string; span?: Span; route?: string } = { type: 'http' }
    const server = await serve(
      (_, res, tracer) => {
        tracer.of(res)!.fail(new TypeError('no'))
        res.writeHead(500).end()
      },
      {
        route: '/orders/:id',
        attributes: () => ({ tenant: 'acme' }),
        around: (_, res) => {
          const span = upstreamSpan('GET')
          res.on('close', () => span.end())
          return trace.setSpan(ROOT_CONTEXT, span).setValue(KEY, Object.assign(metadata, { span }))
        },
      },
    )
    await server.get('/orders/7')
    const span = await serverSpan()
    expect(tracing.tree()).toBe('GET /orders/:id [SERVER] ERROR')
    expect(span.scope.name).toBe('upstream')
    expect(span.attributes).toMatchObject({ 'http.route': '/orders/:id', tenant: 'acme' })
    expect(span.attributes['error.type']).toBe('TypeError')
    expect(metadata.route).toBe('/orders/:id')
    expect(tracing.endedTwice()).toEqual([])
  })

  test('it is told the route of a request that is not sampled too', async () => {
    const span = trace.wrapSpanContext({
      traceId: '1'.repeat(32),
      spanId: '2'.repeat(16),
      traceFlags: 0,
    })
    const metadata: { type: string; span: Span; route?: string } = { type: 'http', span }
    const server = await serve(ok, {
      route: '/orders/:id',
      around: () => trace.setSpan(ROOT_CONTEXT, span).setValue(KEY, metadata),
    })
    await server.get('/orders/7')
    expect(metadata.route).toBe('/orders/:id')
    expect(tracing.spans()).toEqual([])
  })

  test('it is found as the active server span too', async () => {
    const server = await serve(ok, {
      route: '/orders/:id',
      around: (_, res) => {
        const span = upstreamSpan('GET')
        res.on('close', () => span.end())
        return trace.setSpan(ROOT_CONTEXT, span)
      },
    })
    await server.get('/orders/7')
    await serverSpan()
    expect(tracing.tree()).toBe('GET /orders/:id [SERVER]')
  })

  test.each([
    ['of another kind', () => upstreamSpan('job', SpanKind.CONSUMER)],
    ['that has ended', () => ended(upstreamSpan('an earlier request'))],
  ])('a span %s is not joined', async (_, spanOutside) => {
    const outside = spanOutside()
    const server = await serve(ok, { around: () => trace.setSpan(ROOT_CONTEXT, outside) })
    await server.get('/')
    const span = await tracing.waitFor((spans) => spans.find(({ name }) => name === 'GET'))
    expect(span.parentSpanId).toBeUndefined()
    expect(span.traceId).not.toBe(outside.spanContext().traceId)
    outside.end()
  })

  function ended(span: Span): Span {
    span.end()
    return span
  }
})

describe('a request that is traced already', () => {
  test('is joined by an integration further in', async () => {
    const server = await serve((req, res, tracer) => {
      const outer = tracer.of(res)
      expect(activeServerRequest(context.active())).toBe(outer)
      const inner = tracer.start(req, res, { route: '/orders/:id' })
      expect(inner).toBe(context.active())
      expect(tracer.of(res)).toBe(outer)
      ok(req, res)
    })
    await server.get('/orders/7')
    await serverSpan()
    expect(tracing.tree()).toBe('GET /orders/:id [SERVER]')
  })

  test('is not mixed up with those of a server that its handler started', async () => {
    const outer = await serve(async (_, res) => {
      const inner = await serve(ok)
      res.end((await inner.get('/')).body)
    })
    expect((await outer.get('/')).body).toBe('ok')
    const spans = await tracing.waitForSpans(2)
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(2)
  })
})
