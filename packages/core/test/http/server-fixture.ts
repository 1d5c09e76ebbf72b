import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestOptions } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, type Context } from '@opentelemetry/api'
import { HttpServerTracer, type HttpServerOptions } from '@throughline/core/http'

/** A response that was read to its end. */
export interface Answer {
  readonly status: number | undefined
  readonly body: string
}

/** A node:http server on a free port whose requests run in the context that the tracer gives. */
export interface TracedServer {
  readonly tracer: HttpServerTracer
  readonly port: number
  get(path: string, options?: RequestOptions): Promise<Answer>
  close(): Promise<void>
}

export interface ServerSetup extends HttpServerOptions {
  /** The template that is known when the request starts. */
  readonly route?: string
  /** Runs the request as an instrumentation further out would. */
  readonly around?: (request: IncomingMessage, response: ServerResponse) => Context
}

const scope = { name: '@throughline/example-http', version: '1.2.3' }

export async function startServer(
  handler: (...args: [...Parameters<RequestListener>, HttpServerTracer]) => unknown,
  { route, around, ...options }: ServerSetup = {},
): Promise<TracedServer> {
  const tracer = new HttpServerTracer(scope, 'exampleHttp', options)
  const server = createServer((req, res) => {
    const outside = around ? around(req, res) : context.active()
    context.with(outside, () =>
      context.with(tracer.start(req, res, { route }), () => handler(req, res, tracer)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    tracer,
    port,
    get: (path, options) => get({ host: '127.0.0.1', port, path, ...options }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function get(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode, body }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
