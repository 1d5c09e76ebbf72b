import { createServer, request as httpRequest, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { expressErrors, expressTracing, traceHttpServer } from '@throughline/http'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import type createExpress from 'express'
import { afterAll, expect, test } from 'vitest'
import { get, listen, stop } from './servers.ts'
import { deferred } from './serving.ts'

const require = createRequire(import.meta.url)
const tracing = createTestTracing()
const theirs = [
  new HttpInstrumentation({ ignoreOutgoingRequestHook: () => true, enabled: false }),
  new ExpressInstrumentation({ enabled: false }),
]
afterAll(() => tracing.shutdown())

const REQUESTS = ['/shops/1/orders/7', '/nowhere', '/fails', '/declined', '/abandoned'] as const
type Outcome = Readonly<Record<(typeof REQUESTS)[number], readonly TestSpan[]>>

/** Sends the same requests to the same application, traced one way or the other. */
async function ask(ours: boolean): Promise<Outcome> {
  const express = require('express') as typeof createExpress
  const arrived = deferred()
  const app = express()
  app.set('env', 'test')
  if (ours) app.use(expressTracing())
  app.use(express.json())
  const shop = express.Router({ mergeParams: true })
  shop.get('/orders/:order', (_request, response) => void response.json({ ok: true }))
  app.use('/shops/:shop', shop)
  app.get('/fails', () => {
    throw new RangeError('no')
  })
  app.get('/declined', () => {
    throw Object.assign(new RangeError('no'), { status: 402 })
  })
  app.get('/abandoned', () => arrived.resolve())
  if (ours) app.use(expressErrors())
  const server: Server = ours ? traceHttpServer(createServer(app)) : createServer(app)
  const url = await listen(server)
  const outcome: Record<string, readonly TestSpan[]> = {}
  for (const path of REQUESTS) {
    tracing.reset()
    if (path === '/abandoned') {
      const client = httpRequest(url + path, { agent: false }).on('error', () => {})
      client.end()
      await arrived.promise
      client.destroy()
    } else {
      await get(`${url + path}?token=x`)
    }
    await tracing.waitFor((spans) => spans.some(({ kind }) => kind === 'SERVER'))
    outcome[path] = tracing.spans()
  }
  await stop(server)
  return outcome as Outcome
}

function describeSpans(spans: readonly TestSpan[]): Record<string, unknown> {
  const { name, status, attributes } = spans.find(({ kind }) => kind === 'SERVER')!
  return {
    spans: spans.length,
    name,
    status,
    code: attributes['http.response.status_code'] ?? '–',
    'error.type': attributes['error.type'] ?? '–',
  }
}

test('the same requests with instrumentation-http and -express, side by side', async () => {
  for (const instrumentation of theirs) {
    instrumentation.setTracerProvider(tracing.tracerProvider)
    instrumentation.enable()
  }
  require('node:http') // they patch at the first `require`
  const peers = await ask(false)
  for (const instrumentation of theirs) instrumentation.disable()
  const ours = await ask(true)
  const rows = REQUESTS.flatMap((path) => [
    { request: path, by: 'ours', ...describeSpans(ours[path]) },
    { request: path, by: 'theirs', ...describeSpans(peers[path]) },
  ])
  console.table(rows)

  for (const path of REQUESTS) {
    expect(ours[path], path).toHaveLength(1)
    // Whatever their server span says, ours says as well; but for what is not true, and their own copies.
    const { attributes } = peers[path].find(({ kind }) => kind === 'SERVER')!
    const missing = Object.keys(attributes).filter((key) => !(key in ours[path][0]!.attributes))
    expect(missing, path).toEqual(path === '/abandoned' ? ['http.response.status_code'] : [])
  }
  expect(peers['/shops/1/orders/7'].length).toBeGreaterThan(1)
  expect(ours['/abandoned'][0]).toMatchObject({ status: 'ERROR' })
  expect(ours['/abandoned'][0]!.attributes).not.toHaveProperty('http.response.status_code')
  expect(ours['/fails'][0]!.attributes['error.type']).toBe('RangeError')
  expect(ours['/declined'][0]).toMatchObject({ status: 'UNSET', events: [] })
})
