import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { traceHttpServer } from '@throughline/http'
import { describeConformance, type EntryAdapter } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { get, listen, stop } from './servers.ts'

const http: EntryAdapter = {
  name: 'traceHttpServer on node:http',
  scope: { name: '@throughline/http', version: '0.1.0' },
  span: {
    kind: 'SERVER',
    attributes: ['http.request.method', 'url.path', 'url.scheme', 'server.address', 'server.port'],
  },
  async start(options, handle) {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      await handle(request.url!.slice(1)).catch(() => (response.statusCode = 500))
      response.end()
    }
    const server = traceHttpServer(createServer(answer), options)
    const url = await listen(server)
    return {
      send: (id, carrier) => get(`${url}/${id}`, { headers: carrier as Record<string, string> }),
      stop: () => stop(server),
    }
  },
}

describeConformance(http, { describe, test })
