import type { Server } from 'node:http'
import { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Subject } from './question.ts'

/** A Fastify application that is sent requests. */
export async function served(app: FastifyInstance): Promise<Subject> {
  // Six hooks that do nothing: about what the plugins of an application add.
  app.addHook('onRequest', (_request, _reply, done) => done())
  app.addHook('preValidation', (_request, _reply, done) => done())
  app.addHook('preHandler', async () => {})
  app.addHook('preSerialization', async (_request, _reply, payload) => payload)
  app.addHook('onSend', async (_request, _reply, payload) => payload)
  app.addHook('onResponse', (_request, _reply, done) => done())
  app.get('/orders/:id', () => ({ ok: true }))
  await app.ready()
  return underLoad(app.server)
}

const CONNECTIONS = 16
const REQUEST = Buffer.from(
  [
    'GET /orders/42?coupon=x HTTP/1.1',
    'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'user-agent: bench',
    'host: 127.0.0.1:3000',
    'connection: keep-alive',
    '\r\n',
  ].join('\r\n'),
)
const END_OF_BODY = '}'.charCodeAt(0)

/**
 * A server that is sent requests over connections in memory, 16 at a time, each with the next one as soon as the last is
 * answered. Node's parser and its responses are the real ones; the kernel is left out, because how many requests it hands
 * over in one go varies by chance, and with it the CPU time of a request by more than tracing costs.
 */
export function underLoad(server: Server): Subject {
  const answered: Connection[] = []
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(answered))
  for (const connection of connections) server.emit('connection', connection)
  return {
    run(times) {
      let left = times
      let busy = 0
      const send = (connection: Connection): void => {
        if (left === 0) return
        left--
        busy++
        connection.push(REQUEST)
      }
      return new Promise<void>((resolve) => {
        // A loop of its own, as a client is: what came of an answer would run in the request's context, and hold it.
        const turn = (): void => {
          for (const connection of answered.splice(0)) {
            busy--
            send(connection)
          }
          if (busy > 0) setImmediate(turn)
          else resolve()
        }
        connections.forEach(send)
        turn()
      })
    },
  }
}

/** The server's end of a connection; says when an answer is complete. */
class Connection extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1234
  readonly #answered: Connection[]

  constructor(answered: Connection[]) {
    super()
    this.#answered = answered
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    callback()
    if (chunk.at(-1) === END_OF_BODY) this.#answered.push(this)
  }

  setTimeout(): this {
    return this
  }
}
