import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MalformedRequestError } from './otlp-field.ts'
import { parseJson } from './otlp-json.ts'
import { parseProtobuf } from './otlp-protobuf.ts'
import { readSpans } from './otlp-request.ts'
import { encodeStatus, encodeSuccess, formatOf, MEDIA_TYPES } from './otlp-response.ts'
import type { OtlpFormat } from './otlp-response.ts'
import { readBody } from './request-body.ts'
import { RequestError } from './request-error.ts'
import { guardRequest } from './request-guard.ts'
import type { StoredSpan } from './stored-span.ts'
import { TraceStore } from './trace-store.ts'

/** Options of {@link startReceiver}. */
export interface ReceiverOptions {
  /**
   * The port to listen on; 0 takes a free one.
   * @defaultValue 4318
   */
  readonly port?: number
  /**
   * The address to listen on. Any other than loopback lets the network send spans, and switches off the check
   * of the `Host` header.
   * @defaultValue '127.0.0.1'
   */
  readonly host?: string
  /**
   * Where the spans go.
   * @defaultValue a new TraceStore
   */
  readonly store?: TraceStore
  /**
   * The largest body that is accepted, in bytes, before and after decompression.
   * @defaultValue 16 MiB
   */
  readonly maxBodyBytes?: number
}

/** A running receiver. */
export interface Receiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, such as `http://127.0.0.1:4318`. */
  readonly url: string
  readonly port: number
  readonly store: TraceStore
  /** Stops listening and closes the connections that are open. May be called again. */
  close(): Promise<void>
}

/** Metrics and logs are accepted and ignored, so that an SDK which sends them logs no errors. */
const PATHS = new Set(['/v1/traces', '/v1/metrics', '/v1/logs'])

const parsers: Record<OtlpFormat, (body: Uint8Array) => unknown> = {
  json: parseJson,
  protobuf: parseProtobuf,
}

/**
 * Starts an OTLP/HTTP receiver (protobuf and JSON, gzip and deflate) that keeps the spans it gets in memory.
 * Rejects if the port is taken.
 *
 * @example
 * const receiver = await startReceiver({ port: 0 })
 * const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` })
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { port = 4318, host = '127.0.0.1', store = new TraceStore() } = options
  const { maxBodyBytes = 16 * 1024 * 1024 } = options
  const server = createServer((request, response) => {
    void answer(request, response, async (format) => {
      guardRequest(request, host)
      const path = checkRoute(request)
      if (format === undefined) throw unsupportedMediaType()
      const body = await readBody(request, maxBodyBytes)
      if (path === '/v1/traces') store.add(decode(format, body))
    })
  })
  await listen(server, port, host)
  const address = server.address() as AddressInfo
  return {
    url: urlOf(address),
    port: address.port,
    store,
    close: () => close(server),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  accept: (format: OtlpFormat | undefined) => Promise<void>,
): Promise<void> {
  const format = formatOf(request.headers['content-type'])
  const reply = format ?? 'json'
  response.setHeader('content-type', MEDIA_TYPES[reply])
  try {
    await accept(format)
    response.end(encodeSuccess(reply))
  } catch (error) {
    const { status, message } = toRequestError(error)
    response.statusCode = status
    if (status === 405) response.setHeader('allow', 'POST')
    response.end(encodeStatus(reply, status, message))
  }
}

function checkRoute(request: IncomingMessage): string {
  const path = request.url?.split('?')[0] ?? ''
  if (!PATHS.has(path)) {
    throw new RequestError(404, 'Nothing is here: send OTLP/HTTP traces to /v1/traces')
  }
  if (request.method !== 'POST') throw new RequestError(405, 'Only POST is supported')
  return path
}

function decode(format: OtlpFormat, body: Uint8Array): StoredSpan[] {
  return readSpans(parsers[format](body))
}

function unsupportedMediaType(): RequestError {
  return new RequestError(
    415,
    `Content-Type must be ${MEDIA_TYPES.protobuf} or ${MEDIA_TYPES.json}`,
  )
}

function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof MalformedRequestError) return new RequestError(400, error.message)
  return new RequestError(500, 'The receiver failed to take this request')
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const message =
      `Port ${port} on ${host} is taken, maybe by a collector or another viewer. ` +
      `Stop it, or take another port (--port ${port + 1}, or 0 for a free one) ` +
      `and set OTEL_EXPORTER_OTLP_ENDPOINT to it.`
    throw Object.assign(new Error(message, { cause: error }), { code: 'ERR_DEVTOOLS_PORT_TAKEN' })
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  // The wildcard addresses can be listened on, but not connected to.
  const host = address.replace(/^0\.0\.0\.0$/, '127.0.0.1').replace(/^::$/, '::1')
  return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The error is only that the server is closed already, which is what the caller wants.
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
