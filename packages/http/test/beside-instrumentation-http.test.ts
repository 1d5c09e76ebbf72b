import { createRequire } from 'node:module'
import type http from 'node:http'
import type { Server } from 'node:http'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { withSpan } from '@throughline/core'
import {
  expressErrors,
  expressTracing,
  traceHttpServer,
  untraceHttpServer,
} from '@throughline/http'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from './express-versions.ts'
import { get, listen, stop } from './servers.ts'

const require = createRequire(import.meta.url)
const instrumentation = new HttpInstrumentation({
  ignoreOutgoingRequestHook: () => true,
  ignoreIncomingRequestHook: ({ url }) => url === '/ignored',
})
const tracing = createTestTracing()
const { createServer } = require('node:http') as typeof http // the `require` patches
let server: Server | undefined

beforeAll(() => {
  instrumentation.setTracerProvider(tracing.tracerProvider)
  instrumentation.enable()
})
afterEach(async () => {
  await stop(server)
  expect(tracing.unended()).toEqual([])
  expect(tracing.endedTwice()).toEqual([])
  tracing.reset()
})
afterAll(async () => {
  instrumentation.disable()
  await tracing.shutdown()
})

const THEIRS = '@opentelemetry/instrumentation-http'

test('a traced server leaves the span to instrumentation-http', async () => {
  server = traceHttpServer(
    createServer((_request, response) => withSpan('work', () => response.end())),
  )
  await get(await listen(server))
  await tracing.waitForSpans(2)
  expect(tracing.tree()).toBe('GET [SERVER]\n  work [INTERNAL]')
  expect(tracing.span('GET').scope.name).toBe(THEIRS)
})

test('its span tells the truth about a client that left', async () => {
  let arrived = (): void => {}
  const inHandler = new Promise<void>((resolve) => (arrived = resolve))
  server = traceHttpServer(createServer(() => arrived()))
  const leaving = new AbortController()
  const left = get(await listen(server), { signal: leaving.signal }).catch(() => {})
  await inHandler
  leaving.abort()
  await left
  const [span] = await tracing.waitForSpans(1)
  expect(span).toMatchObject({ status: 'ERROR', scope: { name: THEIRS } })
  expect(span?.attributes['error.type']).toBe('client_disconnected')
})

test('what it ignores is ignored', async () => {
  server = traceHttpServer(
    createServer((_request, response) => withSpan('work', () => response.end())),
  )
  await get(`${await listen(server)}/ignored`)
  expect(tracing.spans()).toEqual([])
})

test('an untraced server is as before', async () => {
  server = traceHttpServer(createServer((_request, response) => response.end()))
  const url = await listen(server)
  await get(url)
  untraceHttpServer(server)
  expect(server.listenerCount('request')).toBe(1)
  await get(url)
  await tracing.waitForSpans(2)
})

describe.each(VERSIONS)('Express %s', (_version, express) => {
  test.each([false, true])(
    'gives it the route and the error; traced server: %s',
    async (traced) => {
      const app = express()
      app.set('env', 'test')
      app.use(expressTracing())
      const router = express.Router()
      router.get('/orders/:id', () => {
        throw new RangeError('no')
      })
      app.use('/shops/:shop', router, expressErrors())
      server = createServer(app)
      if (traced) traceHttpServer(server)
      await get(`${await listen(server)}/shops/1/orders/2`)
      const [span] = await tracing.waitForSpans(1)
      expect(tracing.spans()).toHaveLength(1)
      expect(span).toMatchObject({ name: 'GET /shops/:shop/orders/:id', scope: { name: THEIRS } })
      expect(span?.attributes).toMatchObject({
        'http.route': '/shops/:shop/orders/:id',
        'http.response.status_code': 500,
      })
      // It writes `error.type` itself afterwards, as the status; the exception stays.
      expect(span?.events).toMatchObject([{ attributes: { 'exception.type': 'RangeError' } }])
    },
  )
})
