import { once } from 'node:events'
import { Readable } from 'node:stream'
import websocket from '@fastify/websocket'
import { withSpan } from '@throughline/core'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { call, dial, rows, said, signal } from './fixture.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

rows('Bodies and connections that flow', (row) => {
  row('a stream', 'ends with its last byte', async ({ serve, server }) => {
    let lastByte = 0
    const url = await serve((app) => {
      app.get('/', (_request, reply) => {
        const chunks = async function* () {
          yield 'a'
          await new Promise((resolve) => setTimeout(resolve, 20))
          lastByte = performance.timeOrigin + performance.now()
          yield 'b'
        }
        return reply.send(Readable.from(chunks()))
      })
    })
    await call(url)
    const span = await server()
    expect(said(span)).toBe('GET / 200 UNSET')
    expect(span.startMs + span.durationMs).toBeGreaterThanOrEqual(lastByte - 1)
  })

  row('work inside an async generator', 'child spans', async ({ serve, tracing }) => {
    const url = await serve((app) => {
      app.get('/', (_request, reply) => {
        const chunks = async function* () {
          yield await withSpan('read page 1', async () => 'a')
          yield await withSpan('read page 2', async () => 'b')
        }
        return reply.send(Readable.from(chunks()))
      })
    })
    await call(url)
    await tracing.waitForSpans(3)
    expect(tracing.tree()).toBe(
      'GET / [SERVER]\n  read page 1 [INTERNAL]\n  read page 2 [INTERNAL]',
    )
  })

  row(
    'a stream that fails before its first byte',
    '500, ERROR, its error',
    async ({ serve, server }) => {
      const url = await serve((app) =>
        app.get('/', (_request, reply) => {
          const body = new Readable({ read: () => void body.destroy(new RangeError('disk')) })
          return reply.send(body)
        }),
      )
      await call(url)
      expect(said(await server())).toBe('GET / 500 ERROR RangeError')
    },
  )

  row(
    'a stream that fails midway',
    'the status that was sent, ERROR, its error',
    async ({ serve, server }) => {
      const url = await serve((app) =>
        app.get('/', (_request, reply) => {
          const chunks = async function* () {
            yield 'half'
            await new Promise((resolve) => setTimeout(resolve, 20))
            throw new RangeError('disk')
          }
          return reply.send(Readable.from(chunks()))
        }),
      )
      await expect(call(url)).rejects.toThrow()
      expect(said(await server())).toBe('GET / 200 ERROR RangeError')
    },
  )

  row(
    'a stream whose client leaves',
    'the status that was sent, ERROR, `client_disconnected`',
    async ({ serve, server }) => {
      const endless = function* () {
        for (;;) yield Buffer.alloc(65_536)
      }
      const url = await serve((app) =>
        app.get('/', (_request, reply) => reply.send(Readable.from(endless()))),
      )
      const socket = await dial(url, GET)
      await once(socket, 'data')
      socket.destroy()
      expect(said(await server())).toBe('GET / 200 ERROR client_disconnected')
    },
  )

  row('a hijacked reply', 'what was written past Fastify', async ({ serve, server }) => {
    const url = await serve((app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(202).end('mine')
      }),
    )
    await call(url)
    expect(said(await server())).toBe('GET / 202 UNSET')
  })

  row(
    'server-sent events that the client leaves',
    'ends then, 200, ERROR, `client_disconnected`',
    async ({ serve, server }) => {
      const url = await serve((app) =>
        app.get('/', (_request, reply) => {
          reply.hijack()
          reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
          reply.raw.write('data: 1\n\n')
        }),
      )
      const socket = await dial(url, GET)
      await once(socket, 'data')
      socket.destroy()
      expect(said(await server())).toBe('GET / 200 ERROR client_disconnected')
    },
  )

  row(
    'a websocket',
    'one span until the connection is closed, without a status code',
    async ({ serve, server, tracing }) => {
      const { reached, reach } = signal()
      const url = await serve((app) => {
        app.register(websocket)
        app.register(async (child) => {
          child.get('/live', { websocket: true }, (socket) => {
            reach()
            socket.on('message', (data: Buffer) => socket.send(data))
          })
        })
      })
      const client = new WebSocket(`${url.replace('http', 'ws')}/live`)
      await once(client, 'open')
      client.send('hello')
      await once(client, 'message')
      await reached
      expect(tracing.unended()).toEqual(['GET /live'])
      client.close()
      const span = await server()
      expect(span.name).toBe('GET /live')
      expect(span.attributes).not.toHaveProperty('http.response.status_code')
      expect(tracing.spans()).toHaveLength(1)
    },
    5,
  )
})
