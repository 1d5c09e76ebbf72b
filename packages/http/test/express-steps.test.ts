import { createServer } from 'node:http'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { expressTracing, type ExpressTracingOptions } from '@throughline/http'
import type { Express, Handler } from 'express'
import { afterEach, expect, test } from 'vitest'
import { VERSIONS } from './express-versions.ts'
import { get } from './servers.ts'
import { deferred, useTracing } from './serving.ts'

const { tracing, serve } = useTracing()
const [[, express4], , [, express]] = VERSIONS as [
  (typeof VERSIONS)[0],
  (typeof VERSIONS)[0],
  (typeof VERSIONS)[0],
]
afterEach(() => diag.disable())

function build(options: ExpressTracingOptions, create = express): Express {
  const app = create()
  app.set('env', 'test')
  app.use(expressTracing(options))
  return app
}

const both = { middlewareSpans: true, handlerSpans: true }

test('middleware and handlers are spans under the request, each as long as itself', async () => {
  const later = deferred()
  const app = build(both)
  app.use(function authenticate(_request, _response, next) {
    setImmediate(() => {
      if (tracing.unended().includes('middleware authenticate')) later.resolve()
      next()
    })
  })
  app.use((_request, _response, next) => next())
  const router = express.Router()
  router.get('/:id', async function showOrder(_request, response) {
    await Promise.resolve()
    response.end()
  })
  app.use('/orders', router)
  await get(`${await serve(createServer(app))}/orders/7`)
  await later.promise
  await tracing.waitForSpans(4)
  expect(tracing.tree()).toBe(
    'GET /orders/:id [SERVER]\n  middleware authenticate [INTERNAL]\n' +
      '  middleware [INTERNAL]\n  handler showOrder [INTERNAL]',
  )
  expect(tracing.span('handler showOrder').attributes).toEqual({
    'code.function.name': 'showOrder',
    'express.type': 'handler',
  })
})

test('only what is asked for is a span', async () => {
  const app = build({ handlerSpans: true })
  app.use((_request, _response, next) => next())
  app.get('/', function show(_request, response) {
    response.end()
  })
  await get(await serve(createServer(app)))
  await tracing.waitForSpans(2)
  expect(tracing.tree()).toBe('GET / [SERVER]\n  handler show [INTERNAL]')
})

test.each([
  [500, 'ERROR', 1],
  [402, 'UNSET', 0],
] as const)(
  'a handler that throws %i ends as %s, and the exception is told once',
  async (status, outcome, events) => {
    const app = build(both)
    const show: Handler = () => {
      throw Object.assign(new RangeError('no'), { status })
    }
    app.get('/', show)
    await get(await serve(createServer(app)))
    await tracing.waitForSpans(2)
    expect(tracing.span('handler show')).toMatchObject({ status: outcome })
    expect(tracing.span('GET /')).toMatchObject({ status: outcome })
    expect(tracing.spans().flatMap((span) => span.events)).toHaveLength(events)
  },
)

test('a handler that never ends is over with the response', async () => {
  const app = build(both)
  const arrived = deferred()
  app.get('/', function never() {
    arrived.resolve()
    return new Promise(() => {})
  } as Handler)
  const leaving = new AbortController()
  const left = get(await serve(createServer(app)), { signal: leaving.signal }).catch(() => {})
  await arrived.promise
  leaving.abort()
  await left
  await tracing.waitForSpans(2)
})

test('an Express that does not tell of its steps is served, and that is said once', async () => {
  const warnings: string[] = []
  const log = (...args: unknown[]): unknown => warnings.push(args.join(' '))
  diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
  const app = build(both, express4)
  app.get('/', (_request, response) => void response.end())
  const url = await serve(createServer(app))
  await get(url)
  await get(url)
  await tracing.waitForSpans(2)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('need Express 5.3')
})

test('options that cannot work are refused', () => {
  expect(() => expressTracing({ handlerSpans: 1 as never })).toThrow('option "handlerSpans"')
  expect(() => expressTracing({ responseHeader: 'x' as never })).toThrow('option "responseHeader"')
})
