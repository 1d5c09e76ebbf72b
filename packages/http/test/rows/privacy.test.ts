import { withSpan } from '@throughline/core'
import { describe, expect, test } from 'vitest'
import { PARENT, get } from '../servers.ts'
import { SERVERS, useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

describe.each(SERVERS)('What is recorded · %s', (_name, build) => {
  test.each(['/health', '/health?x=1', '/health?traceparent=y'])(
    'an ignored request leaves nothing, with and without a query, nor does what it starts · %s',
    async (path) => {
      const url = await serve(
        build(
          (_request, response) => {
            withSpan('child', () => response.end())
          },
          { ignore: '/health' },
        ),
      )
      await get(url + path, { headers: { traceparent: PARENT } })
      expect(tracing.spans()).toEqual([])
    },
  )

  test('signatures in a query are redacted, and nothing else of it', async () => {
    const url = await serve(build((_request, response) => response.end()))
    await get(`${url}/file?id=7&X-Amz-Signature=secret&sig=secret&Sig=kept`)
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes['url.path']).toBe('/file')
    expect(span?.attributes['url.query']).toBe(
      'id=7&X-Amz-Signature=REDACTED&sig=REDACTED&Sig=kept',
    )
    expect(JSON.stringify(span)).not.toContain('secret')
  })

  test('forwarded headers are believed of nobody', async () => {
    const url = await serve(build((_request, response) => response.end()))
    const headers = {
      forwarded: 'for=203.0.113.9;proto=https;host=evil.example',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
    }
    await get(url, { headers })
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes).toMatchObject({
      'client.address': '127.0.0.1',
      'server.address': '127.0.0.1',
      'url.scheme': 'http',
    })
  })

  test('headers are recorded where they are listed, and only then', async () => {
    const url = await serve(
      build(
        (_request, response) => {
          response.setHeader('x-cache', ['a', 'b']).setHeader('x-other', 'c').end()
        },
        { captureHeaders: { request: ['X-Tenant'], response: ['X-Cache'] } },
      ),
    )
    await get(url, { headers: { 'x-tenant': 'acme', authorization: 'secret' } })
    const [span] = await tracing.waitForSpans(1)
    const headers = Object.entries(span!.attributes).filter(([key]) => key.includes('.header.'))
    expect(Object.fromEntries(headers)).toEqual({
      'http.request.header.x-tenant': ['acme'],
      'http.response.header.x-cache': ['a', 'b'],
    })
  })

  test('a caller that is not trusted is linked to, not continued', async () => {
    const url = await serve(build((_request, response) => response.end(), { trust: 'edge' }))
    await get(url, { headers: { traceparent: PARENT } })
    const [span] = await tracing.waitForSpans(1)
    expect(span?.parentSpanId).toBeUndefined()
    expect(span?.links).toMatchObject([{ spanId: '00f067aa0ba902b7' }])
  })

  test('no header is added to an answer unless it is asked for', async () => {
    const url = await serve(build((_request, response) => response.end()))
    const { headers } = await get(url)
    expect(Object.keys(headers)).not.toContain('server-timing')
    expect(Object.keys(headers)).not.toContain('traceparent')
  })

  test.each(['server-timing', 'traceparent'] as const)(
    'the client is told its trace where that is asked for · %s',
    async (responseHeader) => {
      const url = await serve(
        build((_request, response) => response.writeHead(200, { 'x-a': 'b' }).end(), {
          responseHeader,
          ignore: '/ignored',
        }),
      )
      const { headers } = await get(url)
      const [span] = await tracing.waitForSpans(1)
      expect(headers).toMatchObject({ 'x-a': 'b' })
      expect(headers[responseHeader]).toContain(`00-${span?.traceId}-${span?.spanId}-03`)
      expect((await get(`${url}/ignored`)).headers).not.toHaveProperty(responseHeader)
    },
  )

  test('a name and attributes of the user are asked for with everything known', async () => {
    const url = await serve(
      build((_request, response) => response.writeHead(201).end(), {
        spanName: (request) => `${request.method} something`,
        attributes: ({ response }) => ({ 'app.status': response.statusCode }),
      }),
    )
    await get(url)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET something', attributes: { 'app.status': 201 } })
  })
})
