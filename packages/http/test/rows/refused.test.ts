import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { traceHttpServer } from '@throughline/http'
import { describe, expect, test } from 'vitest'
import { exchange, portOf } from '../servers.ts'
import { useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()
const never = (): Server => traceHttpServer(createServer())

describe('What no listener sees', () => {
  test.each([
    ['an invalid header', 'GET /a?b=c HTTP/1.1\r\nHo st: x\r\n\r\n', 'GET', 400],
    ['a method that Node does not know', 'FETCH /a HTTP/1.1\r\nhost: x\r\n\r\n', 'HTTP', 400],
    ['headers that are too large', `GET /a HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`, 'GET', 431],
  ])('what Node answers itself is a span with that status · %s', async (_, text, name, status) => {
    const url = await serve(never())
    const answer = await exchange(url, text)
    expect(answer).toContain(`HTTP/1.1 ${status}`)
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span).toMatchObject({ name, kind: 'SERVER', status: 'UNSET' })
    expect(span?.attributes).toMatchObject({
      'url.path': '/a',
      'http.response.status_code': status,
    })
  })

  test('what is no HTTP at all is no span', async () => {
    const url = await serve(never())
    expect(await exchange(url, '\x16\x03\x01\x02\x00\x01')).toContain('HTTP/1.1 400')
    expect(tracing.spans()).toEqual([])
  })

  test('what a listener for clientError answers is not guessed at', async () => {
    const server = never()
    server.on('clientError', (_error, socket: Socket) => {
      socket.end('HTTP/1.1 418 Teapot\r\nconnection: close\r\n\r\n')
    })
    const url = await serve(server)
    expect(await exchange(url, 'GET /a HTTP/1.1\r\nHo st: x\r\n\r\n')).toContain('418')
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET', status: 'UNSET' })
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a body that cannot be read fails the request that it belongs to, and is no other', async () => {
    const url = await serve(traceHttpServer(createServer((request) => request.resume())))
    const head = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
    await exchange(url, `${head}not a chunk\r\n`)
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span).toMatchObject({ name: 'POST', status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('HPE_INVALID_CHUNK_SIZE')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a connection that had all of its requests is answered with 503, in a span', async () => {
    const server = traceHttpServer(createServer((_request, response) => response.end()))
    server.maxRequestsPerSocket = 1
    const url = await serve(server)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const request = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
    socket.write(request)
    await once(socket, 'data')
    await tracing.waitForSpans(1)
    socket.write(request)
    expect(String(await once(socket, 'data'))).toContain('HTTP/1.1 503')
    const [, span] = await tracing.waitForSpans(2)
    socket.destroy()
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': '503' } })
  })

  test('a request whose body does not come in time ends as timed out', async () => {
    const server = traceHttpServer(
      createServer({ requestTimeout: 20, headersTimeout: 10, connectionsCheckingInterval: 5 }),
    )
    const url = await serve(server)
    await exchange(url, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf')
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'POST', status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('timeout')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a connection that times out while a request waits ends it as timed out', async () => {
    const server = traceHttpServer(createServer(() => {}))
    server.setTimeout(20)
    const url = await serve(server)
    await exchange(url, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'timeout' } })
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a connection that times out before any request is no span', async () => {
    const server = never()
    server.setTimeout(5)
    await serve(server)
    const socket = connect(portOf(server), '127.0.0.1')
    await once(socket, 'close')
    expect(tracing.spans()).toEqual([])
  })
})
