import { once } from 'node:events'
import { request } from 'node:http'
import { deflateSync, gzipSync } from 'node:zlib'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { PbfReader } from 'pbf'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Receiver, startReceiver } from '../src/index.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const MAX_BODY = 64 * 1024

let receiver: Receiver

beforeEach(async () => {
  receiver = await startReceiver({ port: 0, maxBodyBytes: MAX_BODY })
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await receiver.close()
})

function post(body: Uint8Array | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${receiver.url}/v1/traces`, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer> | string,
    headers: { 'content-type': PROTOBUF, ...headers },
  })
}

async function statusOf(response: Response): Promise<{ code: number; message: string }> {
  const result = { code: 0, message: '' }
  const body = new PbfReader(new Uint8Array(await response.arrayBuffer()))
  return body.readFields((tag, status, reader) => {
    if (tag === 1) status.code = reader.readVarint()
    if (tag === 2) status.message = reader.readString()
  }, result)
}

/** fetch sets these headers itself, so the tests of a foreign Host need the plain client. */
async function postWith(headers: Record<string, string>): Promise<number | undefined> {
  const message = request(`${receiver.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE, ...headers },
  })
  message.end('{}')
  const [response] = await once(message, 'response')
  response.resume()
  return response.statusCode
}

describe.each([
  ['protobuf', ProtobufExporter, 'none'],
  ['protobuf', ProtobufExporter, 'gzip'],
  ['JSON', JsonExporter, 'none'],
  ['JSON', JsonExporter, 'gzip'],
] as const)('the OpenTelemetry exporter for %s', (_name, Exporter, compression) => {
  test(`delivers spans with everything they carry (compression: ${compression})`, async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', compression)
    const exporter = new Exporter({ url: `${receiver.url}/v1/traces` })
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'orders', 'service.version': '1.2.3' }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    })
    const tracer = provider.getTracer('@throughline/test', '0.1.0')
    const linked = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
    const parent = tracer.startSpan('POST /orders', {
      kind: SpanKind.SERVER,
      startTime: [1_700_000_000, 123_456_789],
    })
    const child = tracer.startSpan(
      'send order.placed',
      {
        kind: SpanKind.PRODUCER,
        startTime: [1_700_000_000, 124_000_000],
        links: [{ context: linked, attributes: { position: 1 } }],
        attributes: { text: 'grün', count: 42, ratio: 0.5, done: true, list: ['a', 'b'] },
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    )
    child.addEvent('retry', { attempt: 2 }, [1_700_000_000, 125_500_000])
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'broker is down' })
    child.end([1_700_000_000, 126_250_000])
    parent.end([1_700_000_000, 223_456_789])
    await provider.forceFlush()

    const [first, second] = await receiver.store.waitFor(
      (s) => s.size === 2 && [...s.spans()].toSorted((a, b) => a.startMs - b.startMs),
    )
    const { traceId, spanId } = parent.spanContext()
    expect(first).toMatchObject({
      traceId,
      spanId,
      name: 'POST /orders',
      kind: 'SERVER',
      status: 'UNSET',
    })
    expect(first).not.toHaveProperty('parentSpanId')
    expect(first?.startMs).toBeCloseTo(1_700_000_000_123.456_8, 3)
    expect(first?.durationMs).toBe(100)
    expect(second).toEqual({
      traceId,
      spanId: child.spanContext().spanId,
      parentSpanId: spanId,
      service: 'orders',
      scope: { name: '@throughline/test', version: '0.1.0' },
      name: 'send order.placed',
      kind: 'PRODUCER',
      status: 'ERROR',
      statusMessage: 'broker is down',
      startMs: 1_700_000_000_124,
      durationMs: 2.25,
      attributes: { text: 'grün', count: 42, ratio: 0.5, done: true, list: ['a', 'b'] },
      links: [{ traceId: linked.traceId, spanId: linked.spanId, attributes: { position: 1 } }],
      events: [{ name: 'retry', timeMs: 1_700_000_000_125.5, attributes: { attempt: 2 } }],
      resource: { 'service.name': 'orders', 'service.version': '1.2.3' },
    })
    await provider.shutdown()
  })
})

describe('a request that is accepted', () => {
  test.each([
    [PROTOBUF, '', ''],
    [JSON_TYPE, '{}', '{}'],
    [`${JSON_TYPE}; charset=utf-8`, '{}', '{}'],
  ])('is answered with an empty response of its own type: %s', async (type, body, expected) => {
    const response = await post(body, { 'content-type': type })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type.split(';')[0])
    expect(await response.text()).toBe(expected)
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', (data: Buffer) => data],
  ] as const)('may be encoded with %s', async (encoding, encode) => {
    const span = { traceId: 'A'.repeat(32), spanId: 'B'.repeat(16), name: 'encoded' }
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
    const headers = { 'content-type': JSON_TYPE, 'content-encoding': encoding }
    const response = await post(encode(Buffer.from(body)), headers)
    expect(response.status).toBe(200)
    expect(receiver.store.trace('a'.repeat(32))[0]).toMatchObject({ spanId: 'b'.repeat(16) })
  })

  test.each(['/v1/logs', '/v1/metrics'])(
    'is ignored on %s, so that SDKs log no errors',
    async (path) => {
      const response = await fetch(receiver.url + path, {
        method: 'POST',
        body: '{"resourceLogs":[]}',
        headers: { 'content-type': JSON_TYPE },
      })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({})
      expect(receiver.store.size).toBe(0)
    },
  )
})

describe('a request that is refused', () => {
  test('gets a google.rpc.Status in protobuf for a body that is not protobuf', async () => {
    const response = await post(Buffer.from('not protobuf'))
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe(PROTOBUF)
    expect(await statusOf(response)).toMatchObject({
      code: 3,
      message: expect.stringMatching('body'),
    })
  })

  test('gets a google.rpc.Status in JSON for a body that is not JSON', async () => {
    const response = await post('{"resourceSpans": [', { 'content-type': JSON_TYPE })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ code: 3, message: 'the body is not JSON' })
  })

  test('is taken not at all if one of its spans is invalid', async () => {
    const good = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'good' }
    const spans = [good, { ...good, spanId: 'short' }]
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
    const response = await post(body, { 'content-type': JSON_TYPE })
    expect(await response.json()).toEqual({ code: 3, message: 'spanId is not 8 bytes of hex' })
    expect(receiver.store.size).toBe(0)
  })

  test('gets 400 for data that is not in the encoding it names', async () => {
    const response = await post('plain', { 'content-encoding': 'gzip' })
    expect(response.status).toBe(400)
    expect((await statusOf(response)).message).toBe('The body is not gzip data')
  })

  test('gets 413 for a body that is too large, with and without a length', async () => {
    const body = new Uint8Array(MAX_BODY + 1)
    expect((await post(body)).status).toBe(413)
    const message = request(`${receiver.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': PROTOBUF, 'transfer-encoding': 'chunked' },
    })
    message.end(body)
    const [response] = await once(message, 'response')
    response.resume()
    expect(response.statusCode).toBe(413)
  })

  test('gets 413 for a decompression bomb', async () => {
    const bomb = gzipSync(new Uint8Array(50 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(MAX_BODY)
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(413)
  })

  test.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-encoding': 'br' }],
    [{ 'content-encoding': 'constructor' }],
  ])('gets 415 for %o', async (headers) => {
    expect((await post('', headers as Record<string, string>)).status).toBe(415)
  })

  test('gets 404 for another path and 405 for another method', async () => {
    expect((await fetch(`${receiver.url}/v1/trace`, { method: 'POST' })).status).toBe(404)
    const response = await fetch(`${receiver.url}/v1/traces`)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })

  test.each(['http://evil.example', 'http://localhost:4318', 'null'])(
    'gets 403 if it comes from a page of %s',
    async (origin) => {
      expect(await postWith({ origin })).toBe(403)
    },
  )

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
  ])('gets 403 if its Host is %s', async (host) => {
    expect(await postWith({ host })).toBe(403)
  })
})

test.each([
  'localhost:4318',
  '127.0.0.1',
  '127.1.2.3:80',
  '[::1]:4318',
  'host.docker.internal:4318',
])('a request to the Host %s is accepted', async (host) => {
  expect(await postWith({ host })).toBe(200)
})

test('a receiver that listens on all addresses accepts every Host and gives a URL that works', async () => {
  const open = await startReceiver({ port: 0, host: '0.0.0.0' })
  try {
    expect(open.url).toBe(`http://127.0.0.1:${open.port}`)
    const message = request(`${open.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE, host: 'devtools:4318' },
    })
    message.end('{}')
    const [response] = await once(message, 'response')
    response.resume()
    expect(response.statusCode).toBe(200)
  } finally {
    await open.close()
  }
})

test('a port that is taken is named together with the way out', async () => {
  const { port } = receiver
  await expect(startReceiver({ port })).rejects.toMatchObject({
    code: 'ERR_DEVTOOLS_PORT_TAKEN',
    message:
      `Port ${port} on 127.0.0.1 is taken, maybe by a collector or another viewer. Stop it, or take another ` +
      `port (--port ${port + 1}, or 0 for a free one) and set OTEL_EXPORTER_OTLP_ENDPOINT to it.`,
  })
})

test('closing ends open connections and may be done twice', async () => {
  const message = request(`${receiver.url}/v1/traces`, { method: 'POST' })
  message.flushHeaders()
  const closed = once(message, 'error')
  await once(message, 'socket').then(([socket]) => once(socket, 'connect'))
  await receiver.close()
  await receiver.close()
  await closed
})
