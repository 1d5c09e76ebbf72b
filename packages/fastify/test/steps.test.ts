import { once } from 'node:events'
import { connect } from 'node:net'
import { withSpan } from '@throughline/core'
import { fastifyTracing, type FastifyTracingOptions } from '@throughline/fastify'
import { createTestTracing } from '@throughline/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const tracing = createTestTracing()
let app: FastifyInstance
afterEach(async () => {
  await app.close()
  expect(tracing.unended()).toEqual([])
  expect(tracing.endedTwice()).toEqual([])
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function serve(
  options: FastifyTracingOptions,
  build: (app: FastifyInstance) => void,
): Promise<string> {
  app = Fastify({ forceCloseConnections: true })
  await app.register(fastifyTracing, options)
  build(app)
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function get(url: string): Promise<void> {
  await (await fetch(url)).text()
  await tracing.waitFor((spans) => spans.some((span) => span.kind === 'SERVER'))
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('spans of hooks', () => {
  test('are one for each hook of the application and of the route, in the request', async () => {
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('onRequest', async function authenticate() {})
      app.addHook('preParsing', async () => {})
      app.addHook('preValidation', (_request, _reply, done) => done())
      app.addHook('preSerialization', async function wrap(_request, _reply, payload) {
        return payload
      })
      app.addHook('onSend', async () => {})
      app.addHook('onResponse', async () => {})
      app.register(async (child) => {
        child.get('/', { preHandler: [async function load() {}] }, () => ({ ok: true }))
      })
    })
    await get(url)
    expect(tracing.tree()).toBe(
      [
        'GET / [SERVER]',
        '  onRequest authenticate [INTERNAL]',
        '  preParsing [INTERNAL]',
        '  preValidation [INTERNAL]',
        '  preHandler load [INTERNAL]',
        '  preSerialization wrap [INTERNAL]',
        '  onSend [INTERNAL]',
      ].join('\n'),
    )
    expect(tracing.span('preHandler load').attributes).toEqual({
      'fastify.type': 'preHandler',
      'code.function.name': 'load',
    })
  })

  test('are of the listed hooks alone where there is a list', async () => {
    const url = await serve({ hookSpans: ['preHandler'] }, (app) => {
      app.addHook('onRequest', async () => {})
      app.addHook('preHandler', async () => {})
      app.get('/', () => 'ok')
    })
    await get(url)
    expect(tracing.tree()).toBe('GET / [SERVER]\n  preHandler [INTERNAL]')
  })

  test.each([
    ['a callback', (_r: unknown, _p: unknown, done: () => void) => void setTimeout(done, 30)],
    ['a promise', async () => void (await later(30))],
  ])('last until the hook is done, told by %s', async (_, hook) => {
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('preHandler', hook as never)
      app.get('/', () => 'ok')
    })
    await get(url)
    const span = tracing.spans().find((span) => span.name.startsWith('preHandler'))
    expect(span!.durationMs).toBeGreaterThan(25)
  })

  test('hold what the hook does, and nothing of what follows it', async () => {
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('preHandler', (_request, _reply, done) => {
        withSpan('inside', () => {})
        setImmediate(done)
      })
      app.get('/', () => withSpan('handler', () => 'ok'))
    })
    await get(url)
    expect(tracing.tree()).toBe(
      'GET / [SERVER]\n  preHandler [INTERNAL]\n    inside [INTERNAL]\n  handler [INTERNAL]',
    )
  })

  test.each([
    [500, 'ERROR'],
    [401, 'UNSET'],
  ])('fail with the hook: an error that asks for %i is %s', async (statusCode, status) => {
    const error = Object.assign(new RangeError('no'), { statusCode })
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('onRequest', function first(_request, _reply, done) {
        done(error)
      })
      app.addHook('onRequest', async function never() {})
      app.get('/', () => 'never')
    })
    await get(url)
    expect(tracing.span('onRequest first').status).toBe(status)
    expect(tracing.span('GET /').status).toBe(status)
    const exceptions = tracing.spans().flatMap((span) => span.events)
    expect(exceptions).toHaveLength(status === 'ERROR' ? 1 : 0)
  })

  test('end where a hook answers itself and never calls back', async () => {
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('onRequest', (_request, reply) => void reply.send('cached'))
      app.get('/', () => 'never')
    })
    await get(url)
    expect(tracing.tree()).toBe('GET / [SERVER]\n  onRequest [INTERNAL]')
  })

  test('end with the request where a hook is never done', async () => {
    let reach = (): void => {}
    const reached = new Promise<void>((resolve) => (reach = resolve))
    const url = await serve({ hookSpans: true }, (app) => {
      app.addHook('preHandler', (_request, _reply, _done) => reach())
      app.get('/', () => 'never')
    })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await reached
    socket.destroy()
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET / [SERVER] ERROR\n  preHandler [INTERNAL]')
  })

  test('leave `this`, the arguments and a refused hook as they are', async () => {
    let isApp = false
    const url = await serve({ hookSpans: true }, (app) => {
      const both = async (_request: unknown, _reply: unknown, _done: unknown) => {}
      expect(() => app.addHook('onRequest', both as never)).toThrow(
        expect.objectContaining({ code: 'FST_ERR_HOOK_INVALID_ASYNC_HANDLER' }),
      )
      app.addHook('preHandler', function (_request, _reply, done) {
        isApp = this === app
        done()
      })
      app.get('/', () => 'ok')
    })
    await get(url)
    expect(isApp).toBe(true)
  })
})

describe('spans of handlers', () => {
  test('are named by the function, never by its source', async () => {
    const url = await serve({ handlerSpans: true }, (app) => {
      app.get('/named', async function showOrder() {
        return withSpan('work', () => 'ok')
      })
      app.get('/anonymous', () => 'ok')
    })
    await get(`${url}/named`)
    expect(tracing.tree()).toBe(
      'GET /named [SERVER]\n  handler showOrder [INTERNAL]\n    work [INTERNAL]',
    )
    tracing.reset()
    await get(`${url}/anonymous`)
    expect(tracing.tree()).toBe('GET /anonymous [SERVER]\n  handler [INTERNAL]')
  })

  test('last until a handler that calls `reply.send` later has done so', async () => {
    const url = await serve({ handlerSpans: true }, (app) => {
      app.get('/', (_request, reply) => void setTimeout(() => reply.send('ok'), 30))
    })
    await get(url)
    expect(tracing.span('handler').durationMs).toBeGreaterThan(25)
  })

  test.each([
    ['returns', (reach: () => void) => reach()],
    [
      'waits for ever',
      (reach: () => void) => {
        reach()
        return new Promise(() => {})
      },
    ],
  ])('end with the request where a handler %s and never answers', async (_, handler) => {
    let reach = (): void => {}
    const reached = new Promise<void>((resolve) => (reach = resolve))
    const url = await serve({ handlerSpans: true }, (app) => app.get('/', () => handler(reach)))
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await reached
    socket.destroy()
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET / [SERVER] ERROR\n  handler [INTERNAL]')
  })

  test.each([
    [
      'throws',
      () => {
        throw new TypeError('broken')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('broken'))],
  ])('fail where the handler %s, with one exception in the trace', async (_, handler) => {
    const url = await serve({ handlerSpans: true }, (app) => app.get('/', handler))
    await get(url)
    const span = tracing.spans().find(({ name }) => name.startsWith('handler'))
    expect(span).toMatchObject({ status: 'ERROR', statusMessage: 'broken' })
    expect(tracing.spans().flatMap(({ events }) => events)).toHaveLength(1)
  })

  test('are there for `HEAD` routes too, once', async () => {
    const url = await serve({ handlerSpans: true }, (app) => app.get('/', () => 'ok'))
    await fetch(url, { method: 'HEAD' })
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('HEAD / [SERVER]\n  handler [INTERNAL]')
  })
})

test('without either option no span but the server one is made', async () => {
  const url = await serve({}, (app) => {
    app.addHook('preHandler', async () => {})
    app.get('/', () => 'ok')
  })
  await get(url)
  expect(tracing.tree()).toBe('GET / [SERVER]')
})
