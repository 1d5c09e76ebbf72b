import { once } from 'node:events'
import { connect } from 'node:net'
import { ROOT_CONTEXT, trace, type Attributes, type SpanKind } from '@opentelemetry/api'
import { AlwaysOnSampler } from '@opentelemetry/sdk-trace'
import { keepTrace, withSpan } from '@throughline/core'
import { noteResponse, startClientRequest } from '@throughline/core/http'
import { resolveTracing, type Operation } from '@throughline/core/integration'
import {
  linkBatch,
  startBatch,
  startCreate,
  startProcess,
  startSend,
  startSettle,
} from '@throughline/core/messaging'
import { validSpan } from '@throughline/core/propagation'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { startServer } from './http/server-fixture.ts'

/** What a lifecycle of core makes of everything that it may be told. */
export interface Lifecycle {
  readonly what: string
  readonly name: string
  readonly kind: string
  readonly atStart: readonly string[]
  readonly later: readonly string[]
}

/** Runs each lifecycle and tells what its span was. */
export async function runLifecycles(): Promise<Lifecycle[]> {
  const started = new Map<string, Attributes>()
  const always = new AlwaysOnSampler()
  const sampler = {
    shouldSample(...[, , name, , attributes]: [unknown, unknown, string, SpanKind, Attributes]) {
      started.set(name, { ...started.get(name), ...attributes })
      return always.shouldSample()
    },
    toString: () => 'noting what it sees',
  }
  const sdk = createTestTracing({ sampler })
  try {
    return await describeAll(sdk, started)
  } finally {
    await sdk.shutdown()
  }
}

async function describeAll(
  sdk: TestTracing,
  started: ReadonlyMap<string, Attributes>,
): Promise<Lifecycle[]> {
  const lifecycles: Lifecycle[] = []
  for (const [what, run] of Object.entries(RUNS)) {
    sdk.reset()
    await run(sdk)
    const spans = sdk.spans()
    const { name, kind } = spans[0]!
    const atStart = new Set(spans.flatMap((span) => Object.keys(started.get(span.name) ?? {})))
    const all = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))
    lifecycles.push({
      what,
      name,
      kind,
      atStart: [...atStart].toSorted(),
      later: [...all].filter((attribute) => !atStart.has(attribute)).toSorted(),
    })
  }
  return lifecycles
}

const tracing = resolveTracing({ name: 'reference', version: '1.0.0' }, 'reference', {})
const message = { system: 'kafka', destination: '{destination}' }
const sender = (n: number) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '1'.repeat(32),
    spanId: n.toString(16).padStart(16, '0'),
    traceFlags: 1,
  })
const fail = (operation: Operation) => operation.fail(new Error('no'))

const RUNS: Readonly<Record<string, (sdk: TestTracing) => unknown>> = {
  'HTTP server request': async (sdk) => {
    const server = await startServer((_, response) => void response.writeHead(503).end(), {
      route: '/orders/:id',
    })
    await server.get('/orders/7?page=2', { headers: { 'user-agent': 'test' } })
    const socket = connect(server.port, '127.0.0.1')
    socket.end('PROPFIND / HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket.resume(), 'close')
    await sdk.waitForSpans(2)
    await server.close()
  },
  'HTTP client request': () => {
    for (const method of ['GET', 'PROPFIND']) {
      const request = { method, origin: 'http://shop.example', path: '/orders' }
      const operation = startClientRequest(tracing, request)
      noteResponse(operation, 503)
      operation.end()
    }
  },
  send: () => fail(startSend(tracing, { ...message, messageCount: 2 })),
  create: () => fail(startCreate(tracing, message)),
  process: () =>
    fail(
      startProcess(tracing, {
        ...message,
        sender: ROOT_CONTEXT,
        relation: 'link',
        deliveryAttempt: 2,
      }),
    ),
  'process a batch': () => {
    const messages = Array.from({ length: 200 }, (_, n) => n + 1)
    const operation = startBatch(tracing, { ...message, messageCount: 200, deliveryAttempt: 2 })
    linkBatch(operation, messages, (n) => validSpan(sender(n)))
    fail(operation)
  },
  settle: () => fail(startSettle(tracing, { ...message, operation: 'commit', messageCount: 2 })),
  '`withSpan`': () => {
    try {
      withSpan('{name}', () => {
        keepTrace()
        throw new Error('no')
      })
    } catch {}
  },
}
