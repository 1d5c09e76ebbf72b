import { createServer, type Server } from 'node:http'
import type { ErrorRequestHandler } from 'express'
import { withSpan } from '@throughline/core'
import { expressErrors, expressTracing, traceHttpServer } from '@throughline/http'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { VERSIONS, type Express } from './express-versions.ts'
import { PARENT, get, listen, stop } from './servers.ts'

const tracing = createTestTracing()
let server: Server | undefined

afterEach(async () => {
  await stop(server)
  expect(tracing.unended()).toEqual([])
  tracing.reset()
})
afterAll(() => tracing.shutdown())

describe.each(VERSIONS)('Express %s', (version, express) => {
  function serve(build: (app: Express) => unknown, options = {}): Promise<string> {
    const app = express()
    app.set('env', 'test') // it prints errors otherwise
    app.use(expressTracing(options))
    build(app)
    server = createServer(app)
    return listen(server)
  }

  test('a request is one server span, named by its route, that continues the caller', async () => {
    const url = await serve((app) =>
      app.get('/orders/:id', (_request, response) => {
        withSpan('work', () => response.send('ok'))
      }),
    )
    await get(`${url}/orders/42?coupon=x`, { headers: { traceparent: PARENT } })
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toContain('GET /orders/:id [SERVER] (remote parent)\n  work [INTERNAL]')
    const span = tracing.span('GET /orders/:id')
    expect(span).toMatchObject({ parentSpanId: '00f067aa0ba902b7', status: 'UNSET' })
    expect(span.attributes).toMatchObject({
      'http.route': '/orders/:id',
      'http.response.status_code': 200,
      'url.path': '/orders/42',
      'url.query': 'coupon=x',
    })
  })

  test.each([
    ['/users/42/orders/7', '/users/:user/orders/:order'],
    ['/users/42', '/users/:user'],
    ['/users/users/orders/users', '/users/:user/orders/:order'],
    ['/teams/42/orders/7', '/teams/:user/orders/:order'],
    ['/api/v1/things/9', '/api/:version/things/:id'],
    ['/api/v1', '/api/:version'],
    ['/admin/people/3', '/admin/people/:id'],
    ['/tenants/acme/people/3', '/tenants/:tenant/people/:id'],
    ['/plain', '/plain'],
    ['/', '/'],
  ])('the route of %s has the patterns of all that it is mounted in: %s', async (path, route) => {
    const url = await serve((app) => {
      const ok = (_request: unknown, response: { end(): unknown }): unknown => response.end()
      const orders = express.Router({ mergeParams: true })
      orders.get('/', ok)
      orders.get('/orders/:order', ok)
      const things = express.Router()
      things.get('/:id', ok)
      const api = express.Router()
      api.get('/', ok)
      api.use('/things', things)
      const people = express()
      people.get('/people/:id', ok)
      const tenants = express()
      tenants.get('/people/:id', ok)
      app.use('/nothing', (_request, _response, next) => next())
      app.use('/users/:user', orders)
      app.use('/teams/:user', orders)
      app.use('/api/:version', api)
      app.use('/admin', people)
      app.use('/tenants/:tenant', tenants)
      app.get('/plain', ok)
      app.get('/', ok)
    })
    await get(url + path)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: `GET ${route}` })
    expect(span?.attributes['http.route']).toBe(route)
  })

  test('what is not found is a span without a route and without an error', async () => {
    const url = await serve((app) => app.use('/a', (_request, _response, next) => next()))
    await get(`${url}/a/b`)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET', status: 'UNSET' })
    expect(span?.attributes['http.response.status_code']).toBe(404)
    expect(span?.attributes).not.toHaveProperty('http.route')
  })

  test.each([
    [402, 'UNSET', undefined],
    [500, 'ERROR', 'RangeError'],
  ] as const)('an error that is answered with %i leaves %s', async (code, status, type) => {
    const url = await serve((app) => {
      const router = express.Router()
      router.get('/fails', () => {
        throw Object.assign(new RangeError('declined'), { status: code })
      })
      app.use('/in/:where', router)
      app.use(expressErrors())
    })
    await get(`${url}/in/here/fails`)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET /in/:where/fails', status })
    expect(span?.attributes['http.response.status_code']).toBe(code)
    expect(span?.attributes['error.type']).toBe(type)
    expect(span?.events).toHaveLength(status === 'ERROR' ? 1 : 0)
  })

  test('an error that an error handler answers well is none', async () => {
    const url = await serve((app) => {
      app.get('/swallowed', (_request, _response, next) => next(new Error('handled')))
      app.use(expressErrors())
      const answer: ErrorRequestHandler = (_error, _request, response, _next) => {
        response.status(200).end()
      }
      app.use(answer)
    })
    await get(`${url}/swallowed`)
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET /swallowed', status: 'UNSET', events: [] })
  })

  test('without expressErrors an unhandled error is known by its status at least', async () => {
    const url = await serve((app) =>
      app.get('/', () => {
        throw new RangeError('no')
      }),
    )
    await get(url)
    const [span] = await tracing.waitForSpans(1)
    const type = version === '5.3' ? 'RangeError' : '500'
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': type } })
  })

  test('on a traced server the span is the server’s, with the route', async () => {
    const app = express()
    app.use(expressTracing())
    app.get('/orders/:id', (_request, response) => response.end())
    server = traceHttpServer(createServer(app))
    await get(`${await listen(server)}/orders/1`)
    await tracing.waitForSpans(1)
    expect(tracing.tree()).toBe('GET /orders/:id [SERVER]')
  })

  test('used twice it traces once', async () => {
    const url = await serve((app) => {
      app.use(expressTracing())
      app.get('/', (_request, response) => response.end())
    })
    await get(url)
    await tracing.waitForSpans(1)
    expect(tracing.tree()).toBe('GET / [SERVER]')
  })

  test.each(['alone', 'on a server that is traced'])(
    'the address, host and scheme of the client are those that trusted proxies tell, %s',
    async (where) => {
      const url = await serve((app) => {
        app.set('trust proxy', 'loopback')
        app.get('/', (_request, response) => response.end())
      })
      if (where !== 'alone') traceHttpServer(server!)
      const headers = {
        'x-forwarded-for': '203.0.113.9, 127.0.0.1',
        'x-forwarded-host': 'shop.example:8443',
        'x-forwarded-proto': 'https',
      }
      await get(url, { headers })
      const [span, ...others] = await tracing.waitForSpans(1)
      expect(others).toEqual([])
      expect(span?.attributes).toMatchObject({
        'client.address': '203.0.113.9',
        'server.address': 'shop.example',
        'server.port': 8443,
        'url.scheme': 'https',
        'network.peer.address': '127.0.0.1',
      })
    },
  )

  test('nobody is believed where no proxy is trusted', async () => {
    const url = await serve((app) => app.get('/', (_request, response) => response.end()))
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' }
    await get(url, { headers })
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes).toMatchObject({ 'client.address': '127.0.0.1', 'url.scheme': 'http' })
  })
})
