import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { fastifyTracing } from '@throughline/fastify'
import type { TestSpan, TestTracing } from '@throughline/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { renderTable } from './http-reference.ts'

const require = createRequire(import.meta.url)
const http = new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true })
http.disable()

const plugin = (): never => new FastifyOtelInstrumentation().plugin() as never

/** What an application is traced by, with the same SDK each time. */
const SUBJECTS: Record<string, (app: FastifyInstance) => unknown> = {
  '@throughline/fastify': (app) => app.register(fastifyTracing),
  '@fastify/otel': (app) => app.register(plugin()),
  'instrumentation-http': () => {},
  'both of them': (app) => app.register(plugin()),
}
const PATCHED = new Set(['instrumentation-http', 'both of them'])

/** What is sent, as it is said in the table, and whether its client leaves when the handler was reached. */
const REQUESTS = [
  ['a route, with one hook', 'GET /orders/42?coupon=x'],
  ['nothing there', 'GET /nothing'],
  ['a thrown 402', 'GET /declined'],
  ['a thrown error', 'GET /broken'],
  ['a stream of 250 ms', 'GET /stream'],
  ['a client that leaves before the answer', 'GET /never'],
  ['an ignored route', 'GET /health?verbose=1'],
  ['a malformed URL', 'GET /%E0%A4%A'],
] as const

function build(app: FastifyInstance, onHandler: () => void): void {
  app.addHook('preHandler', async function authenticate() {})
  app.get('/orders/:id', () => ({ ok: true }))
  app.get('/declined', () => {
    throw Object.assign(new Error('declined'), { statusCode: 402 })
  })
  app.get('/broken', () => {
    throw new TypeError('broken')
  })
  app.get('/stream', (_request, reply) => reply.send(Readable.from(chunks())))
  app.get('/never', () => {
    onHandler()
    return new Promise(() => {})
  })
  // Each by its own word for it.
  const config = { tracing: false, otel: false }
  app.get('/health', { config }, () => 'ok')
}

async function* chunks(): AsyncGenerator<string> {
  yield 'a'
  await new Promise((resolve) => setTimeout(resolve, 250))
  yield 'b'
}

/** What one subject said of one request. */
interface Finding {
  readonly cell: string
  readonly server: TestSpan | undefined
}

/** Sends every request to every subject and answers the page with what each said. */
export async function compare(tracing: TestTracing): Promise<string> {
  const findings = new Map<string, Finding[]>()
  for (const [name, instrument] of Object.entries(SUBJECTS)) {
    if (PATCHED.has(name)) {
      http.enable()
      require('node:http') // it patches at a `require`
    }
    try {
      const found: Finding[] = []
      for (const [, line] of REQUESTS) found.push(await ask(line, instrument, tracing))
      findings.set(name, found)
    } finally {
      http.disable()
    }
  }
  return render(findings)
}

async function ask(
  line: string,
  instrument: (app: FastifyInstance) => unknown,
  tracing: TestTracing,
): Promise<Finding> {
  tracing.reset()
  let reach = (): void => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const app = Fastify({ forceCloseConnections: true })
  await instrument(app)
  build(app, () => reach())
  const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const closed = new Promise((resolve) => {
    app.server.on('request', (_request, response) => response.once('close', resolve))
  })
  const socket = connect(Number(url.port), url.hostname).resume()
  await once(socket, 'connect')
  socket.write(
    `${line} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: test\r\nconnection: close\r\n\r\n`,
  )
  if (line.endsWith('/never')) await reached.then(() => socket.destroy())
  await closed
  await new Promise((resolve) => setImmediate(resolve))
  const finding = describeSpans(tracing)
  await app.close()
  return finding
}

function describeSpans(tracing: TestTracing): Finding {
  const spans = tracing.spans()
  const unended = tracing.unended().length
  const count = spans.length + unended
  if (count === 0) return { cell: 'no span', server: undefined }
  const server = spans.find((span) => span.kind === 'SERVER')
  const parts = [`${count} ${count === 1 ? 'span' : 'spans'}`]
  if (server) parts.push(describeServer(server))
  else if (unended === 0) parts.push('no SERVER span')
  if (unended > 0) parts.push(`${unended} never ended`)
  return { cell: parts.join(', '), server }
}

function describeServer({ name, status, attributes, durationMs }: TestSpan): string {
  const early = attributes['url.path'] === '/stream' && durationMs < 245 ? ['ended early'] : []
  const words = [
    `\`${name}\``,
    attributes['http.response.status_code'] ?? 'no status code',
    status,
    attributes['error.type'] ?? '',
    ...early,
  ]
  return words
    .filter((word) => word !== '')
    .map((word) => word as string)
    .join(' ')
}

function render(findings: ReadonlyMap<string, readonly Finding[]>): string {
  const names = [...findings.keys()]
  const at = (name: string, row: number): Finding => findings.get(name)![row]!
  const keys = new Set(names.flatMap((name) => Object.keys(at(name, 0).server?.attributes ?? {})))
  return [
    '# Side by side',
    '',
    'The same requests to the same application, traced by one package after the other with the same SDK. Made by a test,',
    `\`packages/fastify/test/comparison.test.ts\`; not written by hand. Versions: @fastify/otel ${new FastifyOtelInstrumentation().instrumentationVersion}, instrumentation-http`,
    `${http.instrumentationVersion}, Fastify ${Fastify().version}.`,
    '',
    '## Spans of a request',
    '',
    'How many spans there are, then name, status code, status and `error.type` of the one of kind SERVER.',
    '',
    ...renderTable([
      ['request', ...names],
      ...REQUESTS.map(([says], row) =>
        [says as string].concat(names.map((name) => at(name, row).cell)),
      ),
    ]),
    '',
    '## Attributes of the SERVER span of `GET /orders/42?coupon=x`',
    '',
    ...renderTable([
      ['attribute', ...names],
      ...[...keys]
        .toSorted()
        .map((key) => [`\`${key}\``].concat(names.map((name) => value(at(name, 0), key)))),
    ]),
    '',
  ].join('\n')
}

// Ports differ from run to run.
function value({ server }: Finding, key: string): string {
  const value = server?.attributes[key]
  if (value === undefined) return ''
  return key.endsWith('.port') ? 'yes' : `\`${JSON.stringify(value)}\``
}
