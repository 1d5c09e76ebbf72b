import { channel } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ROOT_CONTEXT, context, propagation } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { suppressTracing } from '@throughline/core/propagation'
import { traceFetch, type ClientTracing, type FetchTracingOptions } from '@throughline/clients'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startFetchServer, type FetchServer } from './fetch-server.ts'

const tracing = createTestTracing()
let server: FetchServer
let clients: ClientTracing | undefined

beforeAll(async () => {
  server = await startFetchServer()
})
afterEach(() => {
  clients?.disable()
  clients = undefined
  tracing.reset()
  server.arrived.length = 0
})
afterAll(async () => {
  await server.close()
  await tracing.shutdown()
})

function enable(options?: FetchTracingOptions): void {
  clients = traceFetch(options)
}

/** The one CLIENT span, once it has ended. */
function clientSpan(): Promise<TestSpan> {
  return tracing.waitFor((spans) => spans.find((span) => span.kind === 'CLIENT'))
}

async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  await once(listener, 'close')
  return port
}

test('a request is a CLIENT span under its caller and takes the context along', async () => {
  enable()
  const url = `${server.origin}/orders?page=2`
  await withSpan('work', async () => (await fetch(url, { method: 'POST', body: 'order' })).text())
  const work = tracing.span('work')
  const span = tracing.span('POST')
  expect(span).toMatchObject({
    kind: 'CLIENT',
    status: 'UNSET',
    traceId: work.traceId,
    parentSpanId: work.spanId,
    scope: { name: '@throughline/clients' },
    attributes: {
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': server.port,
      'url.full': url,
    },
  })
  expect(server.arrived[0]?.headers['traceparent']).toBe(`00-${span.traceId}-${span.spanId}-01`)
})

test('concurrent requests keep to their own callers', async () => {
  enable()
  const call = (name: string) =>
    withSpan(name, async () => (await fetch(`${server.origin}/${name}`)).text())
  await Promise.all(['a', 'b', 'c'].map(call))
  for (const name of ['a', 'b', 'c']) {
    const parent = tracing.span(name)
    const child = tracing.spans().find((span) => span.parentSpanId === parent.spanId)
    expect(child?.attributes['url.full']).toBe(`${server.origin}/${name}`)
  }
})

test('a request without a caller is a trace of its own', async () => {
  enable()
  await (await fetch(server.origin)).text()
  expect((await clientSpan()).parentSpanId).toBeUndefined()
})

test('a span ends when the body is complete, not when the headers came', async () => {
  enable()
  const response = await fetch(`${server.origin}/big`)
  expect(tracing.unended()).toEqual(['GET'])
  await response.arrayBuffer()
  await clientSpan()
})

test.each([
  ['HEAD', '/anything', 200],
  ['GET', '/status/204', 204],
  ['GET', '/hints', 200],
])('%s %s ends with status %i', async (method, path, status) => {
  enable()
  await fetch(server.origin + path, { method })
  const span = await clientSpan()
  expect(span).toMatchObject({ name: method, status: 'UNSET' })
  expect(span.attributes['http.response.status_code']).toBe(status)
})

test.each([404, 500])('an answer %i is an error named by its status', async (status) => {
  enable()
  await (await fetch(`${server.origin}/status/${status}`)).text()
  const span = await clientSpan()
  expect(span).toMatchObject({ status: 'ERROR', events: [] })
  expect(span.attributes['error.type']).toBe(String(status))
})

test('a refused connection is named by its code, and the error stays as it was', async () => {
  const url = `http://127.0.0.1:${await closedPort()}/`
  const untraced: unknown = await fetch(url).catch((error: unknown) => error)
  enable()
  const error: unknown = await fetch(url).catch((error: unknown) => error)
  expect(error).toEqual(untraced)
  const span = await clientSpan()
  expect(span.status).toBe('ERROR')
  expect(span.attributes['error.type']).toBe('ECONNREFUSED')
  expect(span.attributes['http.response.status_code']).toBeUndefined()
})

test('a connection that breaks before the answer is an error', async () => {
  enable()
  await expect(fetch(`${server.origin}/reset`)).rejects.toThrow(TypeError)
  expect((await clientSpan()).attributes['error.type']).toBe('UND_ERR_SOCKET')
})

test('a connection that breaks within the body is an error beside the status', async () => {
  enable()
  const response = await fetch(`${server.origin}/cut`)
  await expect(response.text()).rejects.toThrow(TypeError)
  const span = await clientSpan()
  expect(span.status).toBe('ERROR')
  expect(span.attributes).toMatchObject({
    'error.type': 'UND_ERR_SOCKET',
    'http.response.status_code': 200,
  })
})

test('an abort before the answer ends the span as an error', async () => {
  enable()
  const controller = new AbortController()
  const arrival = server.arrival()
  const answer = fetch(`${server.origin}/never`, { signal: controller.signal })
  await arrival
  controller.abort()
  await expect(answer).rejects.toThrow('aborted')
  const span = await clientSpan()
  expect(span.status).toBe('ERROR')
  expect(span.attributes['error.type']).toBe('AbortError')
})

test('a time-out before the answer is told from an abort', async () => {
  enable()
  const signal = AbortSignal.timeout(50)
  await expect(fetch(`${server.origin}/never`, { signal })).rejects.toThrow('timeout')
  expect((await clientSpan()).attributes['error.type']).toBe('TimeoutError')
})

test('an abort within the body ends the span as an error', async () => {
  enable()
  const controller = new AbortController()
  const response = await fetch(`${server.origin}/half`, { signal: controller.signal })
  controller.abort()
  await expect(response.text()).rejects.toThrow('aborted')
  expect((await clientSpan()).attributes['error.type']).toBe('AbortError')
})

test('a body that the caller cancels is no error', async () => {
  enable()
  const response = await fetch(`${server.origin}/big`)
  await response.body?.cancel()
  expect(await clientSpan()).toMatchObject({ status: 'UNSET', events: [] })
})

test('a response that nobody reads ends when it came, as soon as it is collected', async () => {
  enable()
  await withSpan('work', async () => {
    await fetch(`${server.origin}/big`)
  })
  await setImmediate()
  const work = tracing.span('work')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  while (tracing.unended().length > 0) {
    collect()
    await setImmediate()
  }
  const span = tracing.span('GET')
  expect(span.status).toBe('UNSET')
  expect(span.startMs + span.durationMs).toBeLessThan(work.startMs + work.durationMs + 1)
})

test('each hop of a redirect is a span with its own headers, and says how often it was resent', async () => {
  enable()
  await withSpan('work', async () => (await fetch(`${server.origin}/hop/2`)).text())
  const hops = tracing.spans().filter((span) => span.name === 'GET')
  expect(hops.map((span) => span.attributes['http.response.status_code'])).toEqual([302, 302, 200])
  const resent = hops.map((span) => span.attributes['http.request.resend_count'])
  expect(resent).toEqual([undefined, 1, 2])
  const sent = server.arrived.map(({ headers }) => headers['traceparent'])
  expect(sent).toEqual(hops.map((span) => `00-${span.traceId}-${span.spanId}-01`))
  expect(new Set(hops.map((span) => span.parentSpanId))).toEqual(
    new Set([tracing.span('work').spanId]),
  )
})

test('a request after a finished redirect is not taken for a hop', async () => {
  enable()
  await withSpan('work', async () => {
    await (await fetch(`${server.origin}/hop/1`)).text()
    await (await fetch(`${server.origin}/end?of=redirects`)).text()
  })
  const last = tracing.spans().findLast((span) => span.name === 'GET')
  expect(last?.attributes['http.request.resend_count']).toBeUndefined()
})

test("the caller's own traceparent is left as it is", async () => {
  enable()
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), async () => {
    await (await fetch(server.origin, { headers: { Traceparent: traceparent } })).text()
  })
  expect(server.arrived[0]?.headers['traceparent']).toBe(traceparent)
  expect(server.arrived[0]?.headers['baggage']).toBeUndefined()
  expect((await clientSpan()).status).toBe('UNSET')
})

test('no header of the propagator is sent twice', async () => {
  enable()
  const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), async () => {
    await (await fetch(server.origin, { headers: { baggage: 'own=1' } })).text()
  })
  expect(server.arrived[0]?.headers['baggage']).toBe('own=1')
  expect(server.arrived[0]?.headers['traceparent']).toBeDefined()
})

test('in a suppressed context there is no span and no header', async () => {
  enable()
  await withSpan('work', () =>
    context.with(suppressTracing(context.active()), async () =>
      (await fetch(server.origin)).text(),
    ),
  )
  expect(tracing.tree()).toBe('work [INTERNAL]')
  expect(server.arrived[0]?.headers['traceparent']).toBeUndefined()
})

test('an ignored request has no span and no header', async () => {
  enable({ ignore: ({ origin, path, method }) => `${method} ${origin}${path}`.endsWith('/health') })
  await (await fetch(`${server.origin}/health`)).text()
  await (await fetch(`${server.origin}/orders`)).text()
  expect((await clientSpan()).attributes['url.full']).toBe(`${server.origin}/orders`)
  expect(server.arrived[0]?.headers['traceparent']).toBeUndefined()
})

test('an origin that is not to know gets no headers', async () => {
  enable({ propagateTo: (origin) => origin !== server.origin })
  await (await fetch(server.origin)).text()
  await clientSpan()
  expect(server.arrived[0]?.headers['traceparent']).toBeUndefined()
})

test('the attributes hook is asked once, at the end, with everything known', async () => {
  const seen: unknown[] = []
  enable({
    attributes: (exchange) => {
      seen.push(exchange)
      return { 'app.status': exchange.status ?? 0 }
    },
  })
  await (await fetch(`${server.origin}/orders`)).text()
  expect((await clientSpan()).attributes['app.status']).toBe(200)
  expect(seen).toEqual([
    { origin: server.origin, path: '/orders', method: 'GET', status: 200, error: undefined },
  ])
})

test('hooks that throw cost their answer and nothing else', async () => {
  const boom = (): never => {
    throw new Error('hook')
  }
  enable({ ignore: boom, attributes: boom, propagateTo: boom })
  expect(await (await fetch(server.origin)).text()).toBe('answer')
  expect((await clientSpan()).status).toBe('UNSET')
  expect(server.arrived[0]?.headers['traceparent']).toBeUndefined()
})

test('calling it twice is tracing once, and one disable switches it off', async () => {
  enable()
  expect(traceFetch({ ignore: () => true })).toBe(clients)
  await (await fetch(server.origin)).text()
  await clientSpan()
  clients?.disable()
  clients?.disable()
  await (await fetch(server.origin)).text()
  expect(tracing.spans()).toHaveLength(1)
  expect(server.arrived[1]?.headers['traceparent']).toBeUndefined()
})

test('a request under way ends its span after disable, and then nothing listens', async () => {
  enable()
  const response = await fetch(`${server.origin}/big`)
  clients?.disable()
  expect(channel('undici:request:create').hasSubscribers).toBe(false)
  await response.arrayBuffer()
  await clientSpan()
  expect(channel('undici:request:trailers').hasSubscribers).toBe(false)
})

test('it can be switched on again, with other options', async () => {
  enable({ ignore: () => true })
  clients?.disable()
  enable()
  await (await fetch(server.origin)).text()
  await clientSpan()
})

test('enabled: false subscribes to nothing', () => {
  enable({ enabled: false })
  expect(channel('undici:request:create').hasSubscribers).toBe(false)
})

test('messages of another shape are survived', () => {
  enable()
  for (const name of ['create', 'headers', 'trailers', 'error']) {
    channel(`undici:request:${name}`).publish(undefined)
    channel(`undici:request:${name}`).publish({ request: {} })
  }
  expect(tracing.unended()).toEqual([])
})

test('a tracer provider and a propagator of the caller are used', async () => {
  const own = createTestTracing({ global: false })
  const { tracerProvider } = own
  const propagator = {
    fields: () => ['x-own'],
    inject: (_: unknown, carrier: unknown, setter: { set: Function }) =>
      setter.set(carrier, 'x-own', 'yes'),
    extract: <T>(context: T) => context,
  }
  enable({ tracerProvider, propagator })
  await (await fetch(server.origin)).text()
  await own.waitForSpans(1)
  expect(tracing.spans()).toEqual([])
  expect(server.arrived[0]?.headers).toMatchObject({ 'x-own': 'yes' })
})

test.each([{ ignore: 'x' }, { attributes: {} }, { propagateTo: 1 }, { enabled: 'no' }])(
  'the options %j are refused at set-up',
  (options) => {
    expect(() => traceFetch(options as never)).toThrow('traceFetch: option')
  },
)
