import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { traceFetch } from '@throughline/clients'
import { describeSendConformance, type SendAdapter } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'

const adapter: SendAdapter<[url: string, init: RequestInit]> = {
  name: 'traceFetch',
  scope: { name: '@throughline/clients', version: '0.1.0' },
  span: {
    kind: 'CLIENT',
    attributes: ['http.request.method', 'url.full', 'server.address', 'server.port'],
  },
  async start(options, arrive) {
    const server = createServer((req, res) => {
      arrive(req.url!.slice(1), req.headersDistinct).then(
        () => res.end('done'),
        () => req.socket.destroy(),
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const tracing = traceFetch(options)
    return {
      message: (id, headers) => [`http://127.0.0.1:${port}/${id}`, { headers }],
      // The span ends with the last byte of the body.
      send: (call) => fetch(...call).then((response) => response.text().then(() => response)),
      async stop() {
        tracing.disable()
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  },
}

describeSendConformance(adapter, { describe, test })
