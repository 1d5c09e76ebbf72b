import { once } from 'node:events'
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { fastifyTracing } from '@throughline/fastify'
import { createTestTracing } from '@throughline/testing'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const ABORTS = 10_000
const AT_ONCE = 50

/** Counts spans and keeps none of them. */
class Counter implements SpanProcessor {
  started = 0
  ended = 0
  #onIdle: (() => void) | undefined

  onStart(): void {
    this.started++
  }

  onEnd(): void {
    this.ended++
    if (this.ended === this.started) this.#onIdle?.()
  }

  /** Resolves when every span that was started has ended. */
  idle(): Promise<void> {
    if (this.ended === this.started) return Promise.resolve()
    return new Promise((resolve) => (this.#onIdle = resolve))
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

const tracing = createTestTracing({ global: false })
let counter: Counter
let app: FastifyInstance
beforeEach(() => (counter = new Counter()))
afterEach(() => app.close())
afterAll(() => tracing.shutdown())

async function serve(options: FastifyServerOptions = {}): Promise<URL> {
  app = Fastify({ forceCloseConnections: true, ...options })
  const tracerProvider = new TracerProvider({ spanProcessors: [counter] })
  app.register(fastifyTracing, {
    tracerProvider,
    propagator: tracing.propagator,
    hookSpans: true,
    handlerSpans: true,
  })
  app.register(async (child) => {
    child.addHook('preHandler', (_request, _reply, done) => void setImmediate(done))
    child.get('/ok', () => 'ok')
    child.get<{ Params: { id: string } }>('/never/:id', ({ params }) => {
      arrivals.get(params.id)?.()
      return new Promise(() => {})
    })
  })
  return new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
}

const arrivals = new Map<string, () => void>()
let ids = 0

/** The path of a request that is never answered, and when its handler was reached. */
function neverAnswered(): { readonly path: string; readonly reached: Promise<void> } {
  const id = String(++ids)
  const reached = new Promise<void>((resolve) => arrivals.set(id, resolve))
  return { path: `/never/${id}`, reached }
}

/** Aborts so many requests, some at a time, and answers the heap in use at the end. */
async function abortMany(count: number, abortSome: () => Promise<unknown>): Promise<number> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await abortSome()
    await counter.idle()
    arrivals.clear()
  }
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

/** The server's span, that of a hook and that of a handler, for each request. */
async function expectNothingLeft(
  requests: number,
  abortSome: () => Promise<unknown>,
): Promise<void> {
  const warm = await abortMany(ABORTS / 5, abortSome)
  const end = await abortMany(ABORTS, abortSome)
  expect(counter.started).toBe(3 * requests * (ABORTS + ABORTS / 5))
  expect(counter.ended).toBe(counter.started)
  // One span that is kept is some 2 KB: those of 10,000 requests would be 60 MB.
  expect(end - warm).toBeLessThan(2_000_000)
}

const some = (abort: () => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: AT_ONCE }, abort))

test('10,000 aborted HTTP/1 requests, each behind one that was answered on its connection, leave nothing behind', async () => {
  const url = await serve()
  const abort = async (): Promise<void> => {
    const { path, reached } = neverAnswered()
    const socket = connect(Number(url.port), url.hostname).on('error', () => {})
    await once(socket, 'connect')
    socket.write('GET /ok HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(socket, 'data')
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
    await reached
    socket.destroy()
  }
  await expectNothingLeft(2, () => some(abort))
}, 120_000)

test('10,000 streams that were reset, 50 on each HTTP/2 connection, leave nothing behind', async () => {
  const url = await serve({ http2: true } as FastifyServerOptions)
  const abort = async (client: ClientHttp2Session): Promise<void> => {
    const { path, reached } = neverAnswered()
    const stream = client.request({ ':path': path }).on('error', () => {})
    await reached
    stream.close(constants.NGHTTP2_CANCEL)
    await once(stream, 'close')
  }
  await expectNothingLeft(1, async () => {
    const client = connectHttp2(url)
    await some(() => abort(client))
    client.destroy()
  })
}, 120_000)
