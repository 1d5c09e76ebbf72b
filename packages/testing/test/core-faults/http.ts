import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context } from '@opentelemetry/api'
import type {
  EntryAdapter,
  IntegrationOptions,
  SendAdapter,
} from '@throughline/testing/conformance'
import type { Core } from './core-copy.ts'

/** HTTP of Node itself, traced as an integration has to, on a copy of core. */

const scope = { name: '@throughline/example-http', version: '1.2.3' }

export function server(core: Core, timeoutMs?: number): EntryAdapter {
  return {
    name: 'a node:http server on core',
    scope,
    span: {
      kind: 'SERVER',
      attributes: [
        'http.request.method',
        'url.path',
        'url.scheme',
        'server.address',
        'server.port',
      ],
    },
    ...(timeoutMs !== undefined && { timeoutMs }),
    async start(options, handle) {
      const tracer = new core.HttpServerTracer(scope, 'exampleHttp', options)
      const answer = async (req: IncomingMessage, res: ServerResponse) => {
        try {
          await handle(req.url!.slice(1))
        } catch (error) {
          tracer.of(res)?.fail(error)
          res.statusCode = 500
        }
        res.end()
      }
      const { port, stop } = await listen((req, res) => {
        const traced = tracer.enabled ? tracer.start(req, res, {}) : context.active()
        void context.with(traced, answer, undefined, req, res)
      })
      const send = (id: string, headers: object) => exchange(port, id, headers as Headers)
      return { send, stop }
    },
  }
}

type Headers = Record<string, string>
type Call = readonly [id: string, headers: Headers]

export function client(core: Core, timeoutMs?: number): SendAdapter<Call> {
  return {
    name: 'a node:http client on core',
    scope,
    span: { kind: 'CLIENT', attributes: ['http.request.method', 'url.full', 'server.address'] },
    ...(timeoutMs !== undefined && { timeoutMs }),
    except: { hooks: 'it has none', ignored: 'it has no hooks' },
    async start(options, arrive) {
      const { port, stop } = await listen((req, res) => {
        arrive(req.url!.slice(1), req.headersDistinct).then(
          () => res.end(),
          () => req.socket.destroy(),
        )
      })
      return { message: (id, headers) => [id, headers], send: traceCall(core, options, port), stop }
    },
  }
}

function traceCall(core: Core, options: IntegrationOptions, port: number) {
  const tracing = core.resolveTracing(scope, 'exampleHttp', options)
  return ([id, given]: Call): Promise<unknown> => {
    if (options.enabled === false || core.isTracingSuppressed(context.active())) {
      return exchange(port, id, given)
    }
    const origin = `http://127.0.0.1:${port}`
    const operation = core.startClientRequest(tracing, { method: 'GET', origin, path: `/${id}` })
    const headers = { ...given }
    if (!headers['traceparent']) core.injectContext(tracing, operation.context, headers)
    return core.runToEnd(operation, () => exchange(port, id, headers), {
      onResult: (status) => core.noteResponse(operation, status),
    })
  }
}

function exchange(port: number, id: string, headers: Headers): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: `/${id}`, headers }, (res) =>
      res.resume().on('end', () => resolve(res.statusCode!)),
    )
      .on('error', reject)
      .end()
  })
}

async function listen(handle: (req: IncomingMessage, res: ServerResponse) => void) {
  const started = createServer(handle)
  started.listen(0, '127.0.0.1')
  await once(started, 'listening')
  const stop = async () => {
    started.closeAllConnections()
    started.close()
    await once(started, 'close')
  }
  return { port: (started.address() as AddressInfo).port, stop }
}
