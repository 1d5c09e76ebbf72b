import { createServer, type RequestListener, type Server } from 'node:http'
import { DiagLogLevel, diag, trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { traceHttpServer, untraceHttpServer, type HttpTracingOptions } from '@throughline/http'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { PARENT, get, listen, stop } from './servers.ts'

const tracing = createTestTracing()
let server: Server | undefined

afterEach(async () => {
  await stop(server)
  expect(tracing.unended()).toEqual([])
  tracing.reset()
})
afterAll(() => tracing.shutdown())

function serve(listener: RequestListener, options?: HttpTracingOptions): Promise<string> {
  server = traceHttpServer(createServer(listener), options)
  return listen(server)
}

function emitOf(target: Server): Server['emit'] {
  return Reflect.get<Server, 'emit'>(target, 'emit')
}

test('a request is one server span that continues the caller', async () => {
  const url = await serve((_request, response) => response.end('ok'))
  await get(`${url}/orders/42?coupon=x`, { headers: { traceparent: PARENT, 'user-agent': 'me' } })
  const [span] = await tracing.waitForSpans(1)
  expect(tracing.spans()).toHaveLength(1)
  expect(span).toMatchObject({
    name: 'GET',
    kind: 'SERVER',
    status: 'UNSET',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
    scope: { name: '@throughline/http', version: '0.1.0' },
  })
  expect(span?.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'url.path': '/orders/42',
    'url.query': 'coupon=x',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(url).port),
    'client.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'user_agent.original': 'me',
  })
})

test('the span is active in every listener, whenever it was added, and in what they start', async () => {
  const traced = createServer((_request, response) => {
    void withSpan('first', () => new Promise((resolve) => setImmediate(resolve)))
    response.write('1')
  })
  server = traceHttpServer(traced)
  server.prependListener('request', () => withSpan('zeroth', () => {}))
  server.on('request', (_request, response) => withSpan('second', () => response.end('2')))
  await get(await listen(server))
  await tracing.waitForSpans(4)
  const root = tracing.span('GET')
  for (const name of ['zeroth', 'first', 'second']) {
    expect(tracing.span(name).parentSpanId).toBe(root.spanId)
  }
})

test('the server stays what it was: the same object, keys and listeners; untraced it is as before', async () => {
  const plain = createServer((_request, response) => response.end(`${!!trace.getActiveSpan()}`))
  const keys = Object.keys(plain)
  const emit = emitOf(plain)
  server = traceHttpServer(plain)
  expect(server).toBe(plain)
  expect(Object.keys(server)).toEqual(keys)
  expect(server.listenerCount('request')).toBe(1)
  const { name, length } = emitOf(server)
  expect({ name, length }).toEqual({ name: emit.name, length: emit.length })
  untraceHttpServer(server)
  untraceHttpServer(server)
  expect(emitOf(server)).toBe(emit)
  expect(Object.hasOwn(server, 'emit')).toBe(false)
  expect((await get(await listen(server))).body).toBe('false')
  expect(tracing.spans()).toEqual([])
  traceHttpServer(server)
  await get(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  await tracing.waitForSpans(1)
})

test('a wrapper of emit that came before ours is kept, and one that came after outlives it', async () => {
  const seen: string[] = []
  const wrap = (target: Server, name: string): void => {
    const emit = emitOf(target)
    target.emit = function (this: Server, event: string, ...args: unknown[]) {
      if (event === 'request') seen.push(name)
      return Reflect.apply(emit, this, [event, ...args])
    } as Server['emit']
  }
  const wrapped = createServer((_request, response) => response.end())
  wrap(wrapped, 'before')
  server = traceHttpServer(wrapped)
  wrap(server, 'after')
  const url = await listen(server)
  await get(url)
  await tracing.waitForSpans(1)
  untraceHttpServer(server)
  await get(url)
  expect(seen).toEqual(['after', 'before', 'after', 'before'])
  expect(tracing.spans()).toHaveLength(1)
})

test('a request that is served while its server is untraced is traced to its end', async () => {
  const url = await serve((_request, response) => {
    untraceHttpServer(server!)
    setImmediate(() => withSpan('late', () => response.end()))
  })
  await get(url)
  await tracing.waitForSpans(2)
  expect(tracing.tree()).toBe('GET [SERVER]\n  late [INTERNAL]')
})

test('tracing a server twice changes nothing, and is said once', async () => {
  const warnings: string[] = []
  const log = (...args: unknown[]): unknown => warnings.push(args.join(' '))
  diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
  const url = await serve((_request, response) => response.end())
  traceHttpServer(server!, { spanName: () => 'second' })
  traceHttpServer(server!)
  diag.disable()
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('this server is traced already')
  await get(url)
  expect(await tracing.waitForSpans(1)).toMatchObject([{ name: 'GET' }])
  untraceHttpServer(server!)
  expect(Object.hasOwn(server!, 'emit')).toBe(false)
})

test('disabled, the server is not touched', () => {
  server = createServer()
  const before = Reflect.ownKeys(server)
  expect(traceHttpServer(server, { enabled: false })).toBe(server)
  expect(Reflect.ownKeys(server)).toEqual(before)
})

test('what cannot be traced and options that cannot work are refused', () => {
  expect(() => traceHttpServer({} as never)).toThrow(
    'traceHttpServer: option "server" must be a server, got object',
  )
  expect(() => traceHttpServer(createServer(), { ignore: 1 } as never)).toThrow(
    'traceHttpServer: option "ignore" must be',
  )
})

test('without an SDK a request is served and the active span is not recording', async () => {
  await tracing.shutdown()
  const url = await serve((_request, response) => {
    response.end(String(trace.getActiveSpan()?.isRecording() ?? false))
  })
  expect((await get(url)).body).toBe('false')
})
