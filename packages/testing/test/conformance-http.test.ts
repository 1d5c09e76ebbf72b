import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context } from '@opentelemetry/api'
import { describeConformance, type EntryAdapter } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
// By path: core's own tests use this package, and a dependency back would close a circle of builds.
import { HttpServerTracer } from '../../core/src/http/index.ts'

const scope = { name: '@throughline/example-http', version: '1.2.3' }

const adapter: EntryAdapter = {
  name: 'a node:http server on HttpServerTracer',
  scope,
  span: {
    kind: 'SERVER',
    attributes: ['http.request.method', 'url.path', 'url.scheme', 'server.address', 'server.port'],
  },
  async start(options, handle) {
    const tracer = new HttpServerTracer(scope, 'exampleHttp', options)
    const answer = async (req: IncomingMessage, res: ServerResponse) => {
      try {
        await handle(req.url!.slice(1))
      } catch (error) {
        tracer.of(res)?.fail(error)
        res.statusCode = 500
      }
      res.end()
    }
    const server = createServer((req, res) => {
      const traced = tracer.enabled ? tracer.start(req, res, {}) : context.active()
      void context.with(traced, answer, undefined, req, res)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return {
      send: (id, carrier) =>
        new Promise((resolve, reject) => {
          const headers = carrier as Record<string, string>
          request({ port, host: '127.0.0.1', path: `/${id}`, headers }, (res) =>
            res.resume().on('end', resolve),
          )
            .on('error', reject)
            .end()
        }),
      stop: () => new Promise((resolve) => server.close(resolve)),
    }
  },
}

describeConformance(adapter, { describe, test })
