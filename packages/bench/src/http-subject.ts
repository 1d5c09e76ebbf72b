import { fork } from 'node:child_process'
import type { AddressInfo, Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Subject } from './question.ts'

/** A Fastify application that is sent requests from another process. */
export async function served(app: FastifyInstance): Promise<Subject> {
  // Six hooks that do nothing: about what the plugins of an application add.
  app.addHook('onRequest', (_request, _reply, done) => done())
  app.addHook('preValidation', (_request, _reply, done) => done())
  app.addHook('preHandler', async () => {})
  app.addHook('preSerialization', async (_request, _reply, payload) => payload)
  app.addHook('onSend', async (_request, _reply, payload) => payload)
  app.addHook('onResponse', (_request, _reply, done) => done())
  app.get('/orders/:id', () => ({ ok: true }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return underLoad(app.server)
}

/** A server that listens, and is sent requests from another process. */
export function underLoad(server: Server): Subject {
  const { port } = server.address() as AddressInfo
  const load = fork(fileURLToPath(new URL('load.ts', import.meta.url)), { execArgv: [] })
  return {
    run(times) {
      return new Promise((resolve) => {
        load.once('message', resolve)
        load.send({ port, times })
      })
    },
    close() {
      load.kill()
    },
  }
}
