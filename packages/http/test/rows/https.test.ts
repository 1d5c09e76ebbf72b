import { once } from 'node:events'
import { connect, createSecureServer } from 'node:http2'
import { createServer, request as httpsRequest } from 'node:https'
import type { TlsOptions } from 'node:tls'
import type { RequestListener, Server } from 'node:http'
import { traceHttpServer } from '@throughline/http'
import { describe, expect, test } from 'vitest'
import { portOf } from '../servers.ts'
import { useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

// A key that both sides know stands for certificates, which would have to be made.
const KEY = Buffer.from('a key that both sides know')
const shared = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
const atServer: TlsOptions = { ...shared, pskCallback: () => KEY }
const atClient = {
  ...shared,
  pskCallback: () => ({ psk: KEY, identity: 'test' }),
  checkServerIdentity: () => undefined,
}

async function askHttps(port: number): Promise<void> {
  const client = httpsRequest({ ...atClient, port, host: '127.0.0.1', path: '/a', agent: false })
  client.end()
  const [response] = await once(client, 'response')
  response.resume()
}

describe('TLS', () => {
  test('a request to an https server has the scheme https', async () => {
    const server = traceHttpServer(createServer(atServer, (_request, response) => response.end()))
    await serve(server)
    await askHttps(portOf(server))
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET', status: 'UNSET' })
    expect(span?.attributes).toMatchObject({ 'url.scheme': 'https', 'url.path': '/a' })
    expect(span?.attributes['network.protocol.version']).toBe('1.1')
  })

  const answer: RequestListener = (_request, response) => void response.end()
  const both = (): Server =>
    traceHttpServer(
      createSecureServer({ ...atServer, allowHTTP1: true }, answer as never),
    ) as unknown as Server

  test('a request over HTTP/2 with TLS has the scheme https', async () => {
    const server = both()
    await serve(server)
    const session = connect(`https://127.0.0.1:${portOf(server)}`, atClient)
    const stream = session.request({ ':path': '/a' }).resume()
    await once(stream, 'close')
    const [span] = await tracing.waitForSpans(1)
    session.destroy()
    expect(span?.attributes).toMatchObject({
      'network.protocol.version': '2',
      'url.scheme': 'https',
    })
  })

  test('a request over HTTP/1 to a server of HTTP/2 is traced as well', async () => {
    const server = both()
    await serve(server)
    await askHttps(portOf(server))
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes['network.protocol.version']).toBe('1.1')
  })
})
