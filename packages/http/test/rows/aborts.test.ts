import { request as httpRequest, type ClientRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { get } from '../servers.ts'
import { SERVERS, deferred, useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

function send(url: string, method: string, body?: string): ClientRequest {
  const request = httpRequest(url, { method, agent: false }).on('error', () => {})
  request.end(body)
  return request
}

describe.each(SERVERS)('Clients that leave · %s', (_name, build) => {
  test.each([
    ['GET', undefined],
    ['POST', JSON.stringify({ text: 'x'.repeat(1000) })],
  ])('before the answer: ended, with no invented status · %s', async (method, body) => {
    const arrived = deferred()
    const url = await serve(
      build((request) => {
        request.resume().on('end', () => arrived.resolve())
      }),
    )
    const client = send(url, method, body)
    await arrived.promise
    client.destroy()
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: method, status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('client_disconnected')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test.each([
    ['GET', undefined],
    ['POST', 'body'],
  ])(
    'in the middle of the answer: ended, with the status that was sent · %s',
    async (method, body) => {
      const url = await serve(
        build((request, response) => {
          request.resume()
          response.write('some')
        }),
      )
      const client = send(url, method, body)
      client.on('response', (response) => response.once('data', () => client.destroy()))
      const [span] = await tracing.waitForSpans(1)
      expect(span).toMatchObject({ name: method, status: 'ERROR' })
      expect(span?.attributes).toMatchObject({
        'error.type': 'client_disconnected',
        'http.response.status_code': 200,
      })
    },
  )

  test('in the middle of their own body: ended, with no invented status', async () => {
    const arrived = deferred()
    const url = await serve(
      build((request) => {
        request.on('error', () => {}).once('data', () => arrived.resolve())
      }),
    )
    const client = httpRequest(url, { method: 'POST', agent: false }).on('error', () => {})
    client.write('half')
    await arrived.promise
    client.destroy()
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR' })
    expect(span?.attributes['error.type']).toBe('client_disconnected')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('an answer that comes when the client is gone changes nothing', async () => {
    const arrived = deferred()
    const late = deferred()
    const url = await serve(
      build((_request, response) => {
        arrived.resolve()
        response.once('close', () => {
          response.end('too late')
          late.resolve()
        })
      }),
    )
    const client = send(url, 'GET')
    await arrived.promise
    client.destroy()
    await late.promise
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span?.attributes['error.type']).toBe('client_disconnected')
    expect(span?.attributes).not.toHaveProperty('http.response.status_code')
  })

  test('a server that destroys the answer is not blamed on the client', async () => {
    const url = await serve(
      build((_request, response) => {
        response.write('some', () => response.destroy())
      }),
    )
    await get(url).catch(() => {})
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'response_aborted', 'http.response.status_code': 200 },
    })
  })
})
