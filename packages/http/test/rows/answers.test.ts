import { describe, expect, test } from 'vitest'
import { get, exchange } from '../servers.ts'
import { SERVERS, useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

describe.each(SERVERS)('Answers · %s', (name, build) => {
  test.each([
    ['GET', 200],
    ['HEAD', 200],
    ['OPTIONS', 204],
    ['POST', 201],
    ['GET', 302],
    ['GET', 404],
    ['DELETE', 409],
  ] as const)('an answer below 500 is one span without an error · %s', async (method, status) => {
    const url = await serve(build((_request, response) => response.writeHead(status).end()))
    await get(url, { method })
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span).toMatchObject({ name: method, kind: 'SERVER', status: 'UNSET', events: [] })
    expect(span?.attributes).toMatchObject({
      'http.request.method': method,
      'http.response.status_code': status,
    })
    expect(span?.attributes).not.toHaveProperty('error.type')
  })

  test('an answer with 503 is an error, named by its status', async () => {
    const url = await serve(build((_request, response) => response.writeHead(503).end()))
    await get(url)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': '503' } })
  })

  test('an unknown method is named HTTP and kept as it came', async () => {
    const url = await serve(build((_request, response) => response.end()))
    await get(url, { method: 'PURGE' })
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({
      name: 'HTTP',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' },
    })
  })

  test('a URL that cannot be decoded is in the span as it came', async () => {
    const url = await serve(build((_request, response) => response.end()))
    await exchange(url, 'GET /%E0%A4%A HTTP/1.0\r\n\r\n')
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes).toMatchObject({ 'url.path': '/%E0%A4%A' })
    expect(span?.attributes['network.protocol.version']).toBe('1.0')
  })

  test('a request with an absolute URL and without a Host is served', async () => {
    const url = await serve(build((_request, response) => response.end(name)))
    const answer = await exchange(url, 'GET http://shop.example/a?b=c HTTP/1.0\r\n\r\n')
    expect(answer).toContain(name)
    await tracing.waitForSpans(1)
  })
})
