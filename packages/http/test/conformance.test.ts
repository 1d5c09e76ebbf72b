import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { expressErrors, expressTracing, traceHttpServer } from '@throughline/http'
import { describeConformance, type EntryAdapter } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { VERSIONS } from './express-versions.ts'
import { get, listen, stop } from './servers.ts'

const described: Pick<EntryAdapter, 'scope' | 'span'> = {
  scope: { name: '@throughline/http', version: '0.1.0' },
  span: {
    kind: 'SERVER',
    attributes: ['http.request.method', 'url.path', 'url.scheme', 'server.address', 'server.port'],
  },
}

const http: EntryAdapter = {
  ...described,
  name: 'traceHttpServer on node:http',
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

for (const [version, express] of VERSIONS) {
  const adapter: EntryAdapter = {
    ...described,
    name: `expressTracing on Express ${version}`,
    async start(options, handle) {
      const app = express()
      app.set('env', 'test')
      app.use(expressTracing(options))
      app.get('/:id', (request, response, next) => {
        handle(request.params['id']).then(() => response.end(), next)
      })
      app.use(expressErrors())
      const server = createServer(app)
      const url = await listen(server)
      return {
        send: (id, carrier) => get(`${url}/${id}`, { headers: carrier as Record<string, string> }),
        stop: () => stop(server),
      }
    },
  }
  describeConformance(adapter, { describe, test })
}
