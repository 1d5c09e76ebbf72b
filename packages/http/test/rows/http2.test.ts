import { once } from 'node:events'
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
} from 'node:http2'
import { withSpan } from '@throughline/core'
import { traceHttpServer } from '@throughline/http'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { PARENT, listen } from '../servers.ts'
import { deferred } from '../serving.ts'

const tracing = createTestTracing()
let server: Http2Server | undefined
let session: ClientHttp2Session | undefined

afterEach(async () => {
  session?.destroy()
  await new Promise((resolve) => server!.close(resolve))
  expect(tracing.unended()).toEqual([])
  expect(tracing.endedTwice()).toEqual([])
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function request(made: Http2Server, headers: object = {}): Promise<ClientHttp2Stream> {
  server = traceHttpServer(made, { responseHeader: 'server-timing' })
  session = connect(await listen(server))
  return session.request({ ':path': '/orders/7?a=b', traceparent: PARENT, ...headers })
}

describe('HTTP/2', () => {
  test('a request is one span with the version 2 that continues the caller', async () => {
    const stream = await request(
      createServer((_request, response) => {
        withSpan('work', () => response.writeHead(201).end('ok'))
      }),
    )
    const [headers] = await once(stream.resume(), 'response')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET [SERVER] (remote parent)\n  work [INTERNAL]')
    const span = tracing.span('GET')
    expect(headers['server-timing']).toContain(span.spanId)
    expect(span).toMatchObject({ parentSpanId: '00f067aa0ba902b7', status: 'UNSET' })
    expect(span.attributes).toMatchObject({
      'http.response.status_code': 201,
      'network.protocol.version': '2',
      'server.address': '127.0.0.1',
      'url.path': '/orders/7',
      'url.query': 'a=b',
      'url.scheme': 'http',
    })
  })

  test('a client that resets before the answer: no invented status', async () => {
    const arrived = deferred()
    const stream = await request(createServer(() => arrived.resolve()))
    stream.on('error', () => {})
    await arrived.promise
    stream.close(constants.NGHTTP2_CANCEL)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('client_disconnected')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a client that resets in the middle of the answer: the status that it saw', async () => {
    const stream = await request(
      createServer((_request, response) => {
        response.write('some')
      }),
    )
    stream.on('error', () => {}).once('data', () => stream.close(constants.NGHTTP2_CANCEL))
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes).toMatchObject({
      'error.type': 'client_disconnected',
      'http.response.status_code': 200,
    })
  })

  test('a session that is destroyed ends all of its requests', async () => {
    const arrived = deferred()
    const stream = await request(createServer(() => arrived.resolve()))
    stream.on('error', () => {})
    await arrived.promise
    session!.destroy()
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes['error.type']).toBe('client_disconnected')
  })

  test('requests at the same time on one connection do not mix', async () => {
    await request(
      createServer((made, response) => {
        setImmediate(() => withSpan(`work ${made.url}`, () => response.end()))
      }),
    )
    const paths = Array.from({ length: 50 }, (_, at) => `/${at}`)
    const streams = paths.map((path) => session!.request({ ':path': path }).resume())
    await Promise.all(streams.map((stream) => once(stream, 'close')))
    await tracing.waitForSpans(102)
    for (const span of tracing.spans().filter(({ kind }) => kind === 'SERVER')) {
      const query = span.attributes['url.query'] ? '?a=b' : ''
      const work = tracing.span(`work ${String(span.attributes['url.path'])}${query}`)
      expect(work.parentSpanId).toBe(span.spanId)
    }
  })

  test('a stream that is answered without requests and responses is a span as well', async () => {
    const made = createServer()
    made.on('stream', (stream) => {
      withSpan('work', () => stream.respond({ ':status': 204 }, { endStream: true }))
    })
    const stream = await request(made)
    stream.resume()
    await once(stream, 'close')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET [SERVER] (remote parent)\n  work [INTERNAL]')
    expect(tracing.span('GET').attributes).toMatchObject({
      'http.response.status_code': 204,
      'network.peer.address': '127.0.0.1',
      'url.path': '/orders/7',
    })
  })

  test('a stream that the client resets ends with no invented status', async () => {
    const arrived = deferred()
    const made = createServer()
    made.on('stream', (stream) => {
      stream.on('error', () => {})
      arrived.resolve()
    })
    const stream = await request(made)
    stream.on('error', () => {})
    await arrived.promise
    stream.close(constants.NGHTTP2_CANCEL)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('client_disconnected')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })
})
