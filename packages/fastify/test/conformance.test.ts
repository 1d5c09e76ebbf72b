import { request } from 'node:http'
import { fastifyTracing } from '@throughline/fastify'
import { describeConformance, type EntryAdapter } from '@throughline/testing/conformance'
import Fastify5 from 'fastify'
import Fastify4 from 'fastify-4'
import Fastify6 from 'fastify-6'
import { describe, test } from 'vitest'
import type { Factory } from './rows/fixture.ts'

const adapter = (version: number, Fastify: Factory): EntryAdapter => ({
  name: `@throughline/fastify on Fastify ${version}`,
  scope: { name: '@throughline/fastify', version: '0.1.0' },
  span: {
    kind: 'SERVER',
    attributes: [
      'http.request.method',
      'http.route',
      'url.path',
      'url.scheme',
      'server.address',
      'server.port',
    ],
  },
  async start(options, handle) {
    const app = Fastify()
    app.register(fastifyTracing, options)
    app.get<{ Params: { id: string } }>('/work/:id', async ({ params }) => {
      await handle(params.id)
      return 'done'
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return {
      send: (id, carrier) =>
        new Promise((resolve, reject) => {
          const headers = carrier as Record<string, string>
          request(`${url}/work/${id}`, { headers }, (response) =>
            response.resume().on('end', resolve),
          )
            .on('error', reject)
            .end()
        }),
      stop: () => app.close(),
    }
  },
})

describeConformance(adapter(4, Fastify4 as unknown as Factory), { describe, test })
describeConformance(adapter(5, Fastify5 as unknown as Factory), { describe, test })
describeConformance(adapter(6, Fastify6 as unknown as Factory), { describe, test })
