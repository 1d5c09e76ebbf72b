import { createServer } from 'node:http'
import type { ErrorRequestHandler, Express } from 'express'
import { expressErrors, expressTracing } from '@throughline/http'
import { describe, expect, test } from 'vitest'
import { VERSIONS } from '../express-versions.ts'
import { get } from '../servers.ts'
import { useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()
const answerWith = (status: number): ErrorRequestHandler => {
  return (_error, _request, response, _next) => void response.status(status).end()
}

describe.each(VERSIONS)('Errors in Express · %s', (_version, express) => {
  async function post(build: (app: Express) => unknown, body = '{}', type = 'application/json') {
    const app = express()
    app.set('env', 'test') // it prints errors otherwise
    app.use(expressTracing())
    app.use(express.json({ limit: 100 }))
    build(app)
    const url = await serve(createServer(app))
    const { status } = await get(`${url}/orders/7`, {
      method: 'POST',
      headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) },
      body,
    })
    const [span] = await tracing.waitForSpans(1)
    expect(tracing.spans()).toHaveLength(1)
    expect(span!.attributes['http.response.status_code']).toBe(status)
    return { status, span: span! }
  }

  test.each([
    [400, 'malformed JSON', '{', 'application/json'],
    [413, 'a body that is too large', JSON.stringify('x'.repeat(200)), 'application/json'],
    [415, 'an unknown charset', '{}', 'application/json; charset=klingon'],
  ])(
    'a body that is refused (400, 413, 415) is no error of the server · %s',
    async (code, _what, body, type) => {
      const { status, span } = await post((app) => app.use(expressErrors()), body, type)
      expect(status).toBe(code)
      expect(span).toMatchObject({ name: 'POST', status: 'UNSET', events: [] })
      expect(span.attributes).not.toHaveProperty('error.type')
    },
  )

  test('a parameter that cannot be decoded is answered with 400 and is no error', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(expressTracing())
    app.get('/orders/:id', (_request, response) => void response.end())
    const url = await serve(createServer(app))
    const { status } = await get(`${url}/orders/%E0%A4%A`)
    const [span] = await tracing.waitForSpans(1)
    expect([status, span?.status]).toEqual([400, 'UNSET'])
  })

  test.each([
    [404, 'UNSET'],
    [503, 'ERROR'],
  ] as const)(
    'an error that is given to next fails the span where it asks for a status from 500 on · %s',
    async (code, status) => {
      const { span } = await post((app) => {
        app.post('/orders/:id', (_request, _response, next) =>
          next(Object.assign(new RangeError('no'), { status: code })),
        )
        app.use(expressErrors())
      })
      expect(span).toMatchObject({ name: 'POST /orders/:id', status })
      expect(span.attributes['error.type']).toBe(status === 'ERROR' ? 'RangeError' : undefined)
    },
  )

  test.each([
    ['mapped to 409', 409, 'UNSET', undefined],
    ['swallowed with 200', 200, 'UNSET', undefined],
    ['mapped to 502', 502, 'ERROR', 'RangeError'],
  ] as const)(
    'an error counts as the error handler answers it: no error below 500 · %s',
    async (_, code, status, type) => {
      const { span } = await post((app) => {
        app.post('/orders/:id', () => {
          throw new RangeError('no')
        })
        app.use(expressErrors(), answerWith(code))
      })
      expect(span).toMatchObject({ name: 'POST /orders/:id', status })
      expect(span.attributes['error.type']).toBe(type)
      expect(span.events).toHaveLength(type ? 1 : 0)
    },
  )

  test.each(['a string', { an: 'object' }, 42])(
    'something thrown that is no error fails the span, by what it is · %s',
    async (thrown) => {
      const { span } = await post((app) => {
        app.post('/orders/:id', () => {
          throw thrown
        })
        app.use(expressErrors(), answerWith(500))
      })
      const type = typeof thrown === 'object' ? 'Object' : typeof thrown
      expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': type } })
    },
  )

  test('the first of two errors is told', async () => {
    const { span } = await post((app) => {
      app.post('/orders/:id', () => {
        throw new RangeError('first')
      })
      const second: ErrorRequestHandler = (_error, _request, _response, next) =>
        next(new TypeError('second'))
      app.use(expressErrors(), second, answerWith(500))
    })
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'RangeError' } })
    expect(span.events).toHaveLength(1)
  })

  test('an error after the headers breaks the answer off and is told', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(expressTracing())
    app.get('/', (_request, response, next) => {
      response.write('some', () => next(new RangeError('too late')))
    })
    app.use(expressErrors())
    const url = await serve(createServer(app))
    await get(url).catch(() => {})
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ name: 'GET /', status: 'ERROR' })
    expect(span?.attributes).toMatchObject({
      'error.type': 'RangeError',
      'http.response.status_code': 200,
    })
  })
})

describe.each(VERSIONS.slice(1))('Rejections in Express 5 · %s', (_version, express) => {
  test('a handler that rejects fails the request', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(expressTracing())
    app.get('/', () => Promise.reject(new RangeError('no')))
    app.use(expressErrors())
    const { status } = await get(await serve(createServer(app)))
    const [span] = await tracing.waitForSpans(1)
    expect(status).toBe(500)
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'RangeError' } })
  })
})
