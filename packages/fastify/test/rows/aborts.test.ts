import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import type { FastifyServerOptions } from 'fastify'
import { expect } from 'vitest'
import { dial, rows, said, signal } from './fixture.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const JSON_POST =
  'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

rows('Clients that leave', (row) => {
  row(
    'before the headers, of a `GET` and of a `POST` with a body',
    'no status code, ERROR, `client_disconnected`',
    async ({ serve, tracing }) => {
      let reach = (): void => {}
      const url = await serve((app) =>
        app.route({
          method: ['GET', 'POST'],
          url: '/',
          handler() {
            reach()
            return new Promise(() => {})
          },
        }),
      )
      for (const text of [GET, JSON_POST]) {
        const handler = signal()
        reach = handler.reach
        const socket = await dial(url, text)
        await handler.reached
        socket.destroy()
      }
      expect((await tracing.waitForSpans(2)).map(said).toSorted()).toEqual([
        'GET / - ERROR client_disconnected',
        'POST / - ERROR client_disconnected',
      ])
    },
  )

  row(
    'after the headers, of a `GET` and of a `POST` with a body',
    'the status that was sent, ERROR, `client_disconnected`',
    async ({ serve, tracing }) => {
      const url = await serve((app) =>
        app.route({
          method: ['GET', 'POST'],
          url: '/',
          handler(_request, reply) {
            reply.hijack()
            reply.raw.writeHead(201).write('half')
          },
        }),
      )
      for (const text of [GET, JSON_POST]) {
        const socket = await dial(url, text)
        await once(socket, 'data')
        socket.destroy()
      }
      expect((await tracing.waitForSpans(2)).map(said).toSorted()).toEqual([
        'GET / 201 ERROR client_disconnected',
        'POST / 201 ERROR client_disconnected',
      ])
    },
  )

  row(
    'in the middle of its body',
    'no status code, ERROR, `client_disconnected`',
    async ({ serve, server }) => {
      const { reached, reach } = signal()
      const url = await serve((app) => {
        app.addHook('preParsing', async () => reach())
        app.post('/', () => 'never')
      })
      const socket = await dial(url, JSON_POST.replace('length: 2', 'length: 200'))
      await reached
      socket.destroy()
      expect(said(await server())).toBe('POST / - ERROR client_disconnected')
    },
  )

  row(
    'and the handler answers all the same',
    'ended when the client left, not when the handler was done',
    async ({ serve, server, tracing }) => {
      const { reached, reach } = signal()
      const gone = signal()
      const url = await serve((app) =>
        app.get('/', async () => {
          reach()
          await gone.reached
          return 'too late'
        }),
      )
      const socket = await dial(url, GET)
      await reached
      socket.resetAndDestroy()
      expect(said(await server())).toBe('GET / - ERROR client_disconnected')
      gone.reach()
      await new Promise((resolve) => setImmediate(resolve))
      expect(tracing.spans()).toHaveLength(1)
    },
  )

  row(
    'an HTTP/2 stream (`RST_STREAM`)',
    'no status code, ERROR, `client_disconnected`',
    async ({ serve, server }) => {
      const { reached, reach } = signal()
      const url = await serve(
        (app) =>
          app.get('/', () => {
            reach()
            return new Promise(() => {})
          }),
        { http2: true } as FastifyServerOptions,
      )
      const client = connectHttp2(url)
      const stream = client.request({ ':path': '/' }).on('error', () => {})
      await reached
      stream.close(constants.NGHTTP2_CANCEL)
      expect(said(await server())).toBe('GET / - ERROR client_disconnected')
      client.close()
    },
  )
})

rows('Time that runs out', (row) => {
  row(
    '`connectionTimeout`, which calls `onTimeout`',
    'no status code, ERROR, `timeout`',
    async ({ serve, server }) => {
      const url = await serve((app) => app.get('/', () => new Promise(() => {})), {
        connectionTimeout: 100,
      })
      const socket = await dial(url, GET)
      await once(socket, 'close')
      expect(said(await server())).toBe('GET / - ERROR timeout')
    },
  )

  row(
    '`handlerTimeout`',
    '503, ERROR, `timeout`',
    async ({ serve, server }) => {
      const url = await serve((app) => app.get('/', () => new Promise(() => {})), {
        handlerTimeout: 50,
      })
      await (await fetch(url)).text()
      expect(said(await server())).toBe('GET / 503 ERROR timeout')
    },
    5,
  )

  row(
    'a server that destroys the connection',
    'no status code, ERROR, `response_aborted`',
    async ({ serve, server }) => {
      const url = await serve((app) =>
        app.get('/', (_request, reply) => {
          reply.hijack()
          reply.raw.destroy()
        }),
      )
      await expect(fetch(url)).rejects.toThrow()
      expect(said(await server())).toBe('GET / - ERROR response_aborted')
    },
  )
})
