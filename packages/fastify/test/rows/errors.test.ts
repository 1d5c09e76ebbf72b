import { withSpan } from '@throughline/core'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { call, rows, said } from './fixture.ts'

class Declined extends Error {
  readonly statusCode: number
  constructor(statusCode: number) {
    super('declined')
    this.statusCode = statusCode
  }
}

const fails = (error: unknown) => (app: FastifyInstance) =>
  app.get('/', () => {
    throw error
  })

rows('Errors', (row) => {
  row('a thrown 4xx', 'its status, UNSET, no exception', async ({ serve, server }) => {
    await call(await serve(fails(new Declined(402))))
    const span = await server()
    expect(said(span)).toBe('GET / 402 UNSET')
    expect(span.events).toEqual([])
  })

  row('a thrown error (500)', 'ERROR, its class, one exception', async ({ serve, server }) => {
    await call(await serve(fails(new TypeError('broken'))))
    const span = await server()
    expect(said(span)).toBe('GET / 500 ERROR TypeError')
    expect(span.statusMessage).toBe('broken')
    expect(span.events.map((event) => event.attributes['exception.type'])).toEqual(['TypeError'])
  })

  row('a rejection (503)', 'ERROR, its class', async ({ serve, server }) => {
    const url = await serve((app) => app.get('/', () => Promise.reject(new Declined(503))))
    await call(url)
    expect(said(await server())).toBe('GET / 503 ERROR Declined')
  })

  row('`reply.send(error)`', 'as if it were thrown', async ({ serve, server }) => {
    const url = await serve((app) => app.get('/', (_, reply) => void reply.send(new RangeError())))
    await call(url)
    expect(said(await server())).toBe('GET / 500 ERROR RangeError')
  })

  row(
    'a 500 without an error',
    'ERROR, `error.type` 500, no exception',
    async ({ serve, server }) => {
      const url = await serve((app) => app.get('/', (_, reply) => void reply.code(500).send('no')))
      await call(url)
      const span = await server()
      expect(said(span)).toBe('GET / 500 ERROR 500')
      expect(span.events).toEqual([])
    },
  )

  row(
    'an error that the error handler maps to 409',
    '409, UNSET, no exception',
    async ({ serve, server }) => {
      const url = await serve((app) => {
        app.setErrorHandler((_error, _request, reply) => void reply.code(409).send('conflict'))
        fails(new TypeError('broken'))(app)
      })
      await call(url)
      const span = await server()
      expect(said(span)).toBe('GET / 409 UNSET')
      expect(span.events).toEqual([])
    },
  )

  row('an error that the error handler swallows', '200, UNSET', async ({ serve, server }) => {
    const url = await serve((app) => {
      app.setErrorHandler((_error, _request, reply) => void reply.code(200).send('fine'))
      fails(new TypeError('broken'))(app)
    })
    await call(url)
    expect(said(await server())).toBe('GET / 200 UNSET')
  })

  row(
    'a 4xx that the error handler maps to 500',
    'ERROR, the class of the error',
    async ({ serve, server }) => {
      const url = await serve((app) => {
        app.setErrorHandler((_error, _request, reply) => void reply.code(500).send('oops'))
        fails(new Declined(404))(app)
      })
      await call(url)
      expect(said(await server())).toBe('GET / 500 ERROR Declined')
    },
  )

  row('an error handler that throws', 'ERROR, the first error', async ({ serve, server }) => {
    const url = await serve((app) => {
      app.setErrorHandler(() => {
        throw new RangeError('second')
      })
      fails(new TypeError('first'))(app)
    })
    await call(url)
    expect(said(await server())).toBe('GET / 500 ERROR TypeError')
  })

  row('something thrown that is no error', 'ERROR, what it is', async ({ serve, server }) => {
    const url = await serve(fails('just text'))
    await call(url)
    expect(said(await server())).toBe('GET / 500 ERROR string')
  })

  row('an `onSend` hook that throws twice', 'ERROR, the first error, one span', async (trial) => {
    let times = 0
    const url = await trial.serve((app) => {
      app.addHook('onSend', async () => {
        throw new RangeError(`time ${++times}`)
      })
      app.get('/', () => 'ok')
    })
    await call(url)
    const span = await trial.server()
    expect(said(span)).toBe('GET / 500 ERROR RangeError')
    expect(span.statusMessage).toBe('time 1')
    expect(trial.tracing.spans()).toHaveLength(1)
  })

  row('a hook that fails', 'ERROR, its class, the route', async ({ serve, server }) => {
    const url = await serve((app) => {
      app.addHook('preHandler', async () => {
        throw new RangeError('no')
      })
      app.get('/', () => 'never')
    })
    await call(url)
    expect(said(await server())).toBe('GET / 500 ERROR RangeError')
  })

  row(
    'an answer that cannot be serialized',
    'ERROR, the class of the error',
    async ({ serve, server }) => {
      const circular: Record<string, unknown> = {}
      circular['self'] = circular
      await call(await serve((app) => app.get('/', () => circular)))
      expect(said(await server())).toBe('GET / 500 ERROR TypeError')
    },
  )

  row(
    'an error that a child span recorded',
    'one exception in the trace, on the child',
    async ({ serve, server, tracing }) => {
      const url = await serve((app) =>
        app.get('/', () =>
          withSpan('charge', () => {
            throw new TypeError('broken')
          }),
        ),
      )
      await call(url)
      const span = await server()
      expect(said(span)).toBe('GET / 500 ERROR TypeError')
      expect(span.events).toEqual([])
      expect(tracing.span('charge').events).toHaveLength(1)
    },
  )
})
