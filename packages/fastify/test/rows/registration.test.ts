import { diag, DiagLogLevel } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { fastifyTracing } from '@throughline/fastify'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { call, rows, said } from './fixture.ts'

const traced = (app: FastifyInstance) => app.get('/', () => withSpan('work', () => 'ok'))
const warnings: unknown[] = []
const warn = (_namespace: string, text: unknown) => void warnings.push(text)
const TREE = 'GET / [SERVER]\n  work [INTERNAL]'

rows('Registration', (row) => {
  row('after the routes, not awaited', 'traced', async ({ serve, tracing }) => {
    const url = await serve(
      (app) => {
        traced(app)
        app.register(fastifyTracing)
      },
      { tracing: false },
    )
    await call(url)
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe(TREE)
  })

  row('after a plugin with routes', 'traced', async ({ serve, server, Fastify }) => {
    expect(Fastify).toBeTypeOf('function')
    const url = await serve(
      (app) => {
        app.register(async (child) => void traced(child), { prefix: '/api' })
        app.register(fastifyTracing)
      },
      { tracing: false },
    )
    await call(`${url}/api`)
    expect((await server()).name).toBe('GET /api')
  })

  row(
    'after a hook that answers first',
    'traced, with its status and route',
    async ({ serve, server }) => {
      const url = await serve(
        (app) => {
          app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who?'))
          app.get('/', () => 'never')
          app.register(fastifyTracing)
        },
        { tracing: false },
      )
      await call(url)
      expect(said(await server())).toBe('GET / 401 UNSET')
    },
  )

  row('after a hook that fails first', 'traced, ERROR, its class', async ({ serve, server }) => {
    const url = await serve(
      (app) => {
        app.addHook('onRequest', async () => {
          throw new RangeError('early')
        })
        app.get('/', () => 'never')
        app.register(fastifyTracing)
      },
      { tracing: false },
    )
    await call(url)
    expect(said(await server())).toBe('GET / 500 ERROR RangeError')
  })

  row('twice', 'one span, one warning', async ({ serve, server, tracing }) => {
    const logger = { error() {}, warn, info() {}, debug() {}, verbose() {} }
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
    const url = await serve((app) => {
      app.register(fastifyTracing)
      app.register(fastifyTracing)
      traced(app)
    })
    await call(url)
    await server()
    diag.disable()
    expect(tracing.tree()).toBe(TREE)
    // Said once in a process, in which all versions of Fastify are served.
    expect(warnings).toEqual([
      'fastifyTracing is registered twice on one application; the first one traces it',
    ])
  })

  row('in a plugin of its own scope', 'traces that plugin alone', async ({ serve, tracing }) => {
    const url = await serve(
      (app) => {
        app.get('/outside', () => 'ok')
        app.register(async (child) => {
          child.register(fastifyTracing)
          child.register(async (grandchild) => void grandchild.get('/inside', () => 'ok'))
        })
      },
      { tracing: false },
    )
    await call(`${url}/outside`)
    await call(`${url}/inside`)
    await tracing.waitForSpans(1)
    expect(tracing.tree()).toBe('GET /inside [SERVER]')
  })

  row('in a plugin and around it', 'one span', async ({ serve, server, tracing }) => {
    const url = await serve(
      (app) => {
        app.register(async (child) => {
          child.register(fastifyTracing)
          traced(child)
        })
        app.register(fastifyTracing)
      },
      { tracing: false },
    )
    await call(url)
    await server()
    expect(tracing.tree()).toBe(TREE)
  })
})

rows('Ignored requests', (row) => {
  const options = { tracing: { ignore: ['/health', '/assets/**'] } }

  row(
    'by a glob, with and without a query',
    'no span, nor any of what they do',
    async ({ serve, tracing }) => {
      const url = await serve((app) => {
        for (const path of ['/health', '/assets/:file']) {
          app.get(path, () => withSpan('inside', () => 'ok'))
        }
        traced(app)
      }, options)
      for (const path of ['/health', '/health?verbose=1', '/assets/a.css', '/'])
        await call(url + path)
      await tracing.waitForSpans(2)
      expect(tracing.tree()).toBe(TREE)
    },
  )

  row(
    'by `config: { tracing: false }` of the route',
    'no span, nor any of what they do',
    async ({ serve, tracing }) => {
      const url = await serve((app) => {
        app.get('/quiet', { config: { tracing: false } }, () => withSpan('inside', () => 'ok'))
        traced(app)
      })
      for (const path of ['/quiet', '/quiet?x=1', '/']) await call(url + path)
      await tracing.waitForSpans(2)
      expect(tracing.tree()).toBe(TREE)
    },
  )

  row('by a function', 'no span, nor any of what they do', async ({ serve, tracing }) => {
    const ignore = ({ headers }: { headers: Record<string, unknown> }) =>
      headers['user-agent'] === 'probe'
    const url = await serve(traced, { tracing: { ignore } })
    await call(url, { headers: { 'user-agent': 'probe' } })
    await call(url)
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe(TREE)
  })
})
