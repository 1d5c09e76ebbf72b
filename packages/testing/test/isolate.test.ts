import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api'
import { createTestTracing, type TestSpans } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const tracing = createTestTracing()
const tracer = trace.getTracer('test')
// The asynchronous context of nobody's test, as of a consumer that was started before.
const outside = AsyncLocalStorage.snapshot()
let server: Server
let url = ''

// Started outside of every test, as a service's own server is.
beforeAll(async () => {
  server = createServer((req, res) => {
    const sent = propagation.extract(ROOT_CONTEXT, req.headers)
    tracer.startActiveSpan('GET /', { kind: SpanKind.SERVER }, sent, (span) => {
      setImmediate(() => {
        tracer.startSpan(`query ${req.url!.slice(1)}`).end()
        res.end()
        span.end()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => tracing.reset())
afterAll(async () => {
  server.close()
  await tracing.shutdown()
})

async function call(name: string): Promise<void> {
  await tracer.startActiveSpan(`call ${name}`, { kind: SpanKind.CLIENT }, async (span) => {
    const headers: Record<string, string> = {}
    propagation.inject(context.active(), headers)
    await fetch(`${url}/${name}`, { headers }).then((response) => response.text())
    span.end()
  })
}

const names = (spans: TestSpans) => spans.spans().map((span) => span.name)

describe('isolated tests', () => {
  test('at the same time see their own spans only, also those of a shared server', async () => {
    const each = Array.from({ length: 20 }, (_, at) =>
      tracing.isolate(async (own) => {
        await call(`${at}`)
        await own.waitForTrace()
        return own.tree()
      }),
    )
    for (const [at, tree] of (await Promise.all(each)).entries()) {
      expect(tree).toBe(`call ${at} [CLIENT]\n  GET / [SERVER]\n    query ${at} [INTERNAL]`)
    }
    expect(tracing.spans()).toEqual([])
  })

  test('see a trace that links to one of theirs', () => {
    tracing.isolate((own) => {
      const send = tracer.startSpan('send', { kind: SpanKind.PRODUCER })
      send.end()
      outside(() => {
        const links = [{ context: send.spanContext() }]
        tracer.startSpan('process', { links, root: true }).end()
      })
      expect(own.tree()).toBe('send [PRODUCER]\nprocess [INTERNAL] -> send')
    })
  })

  test('see what a server does for a caller that they made up', async () => {
    await tracing.isolate(async (own) => {
      await fetch(`${url}/orders`, { headers: own.carrier() })
      const spans = await own.waitForTrace()
      expect(spans.map((span) => span.name)).toEqual(['query orders', 'GET /'])
      expect(own.orphans()).toEqual([])
    })
    expect(tracing.spans()).toEqual([])
  })

  test('return what they return, and throw what they throw', async () => {
    expect(tracing.isolate(() => 1)).toBe(1)
    await expect(tracing.isolate(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  test('are given up when tracing is shut down', async () => {
    const other = createTestTracing({ global: false })
    const waiting = other.isolate((own) => own.waitForSpans(1))
    await other.shutdown()
    await expect(waiting).rejects.toThrow('tracing was shut down while waiting')
  })
})

test('what no isolated test did belongs to the set-up', async () => {
  tracing.isolate(() => tracer.startSpan('inside').end())
  tracer.startSpan('outside').end()
  expect(names(tracing)).toEqual(['outside'])
})

describe('waitForTrace', () => {
  test('waits for spans that start after the root ended, in turns of the event loop', async () => {
    const root = tracer.startSpan('root')
    const inside = trace.setSpan(ROOT_CONTEXT, root)
    root.end()
    setImmediate(() => {
      const late = tracer.startSpan('late', {}, inside)
      setImmediate(() => late.end())
    })
    const { traceId } = root.spanContext()
    const spans = await tracing.waitForTrace({ traceId })
    expect(spans.map((span) => span.name)).toEqual(['root', 'late'])
  })

  test('waits for what the test says must have arrived', async () => {
    setTimeout(() => tracer.startSpan('arrived').end(), 20)
    tracer.startSpan('sent').end()
    const spans = await tracing.waitForTrace({ until: (all) => all.length === 2 })
    expect(spans.map((span) => span.name)).toEqual(['sent', 'arrived'])
  })

  test('does not wait for another trace', async () => {
    const other = tracer.startSpan('never ends')
    const one = tracer.startSpan('one')
    one.end()
    const { traceId } = one.spanContext()
    expect(await tracing.waitForTrace({ traceId })).toHaveLength(1)
    other.end()
  })

  test('rejects, saying what is open, when time runs out', async () => {
    const open = tracer.startSpan('never ends')
    await expect(tracing.waitForTrace({ timeoutMs: 10 })).rejects.toThrow(
      'ended: none; still open: never ends',
    )
    open.end()
  })
})

test('a tree of objects holds no ids, times and ports', () => {
  const attributes = {
    'server.port': 43_123,
    'url.full': 'http://127.0.0.1:43123/orders',
    'messaging.message.id': '12',
    'messaging.kafka.offset': 12,
    'order.key': '0f8fad5b-d9cb-469f-a165-70867728950e',
    'order.at': '2026-11-21T10:00:00.000Z',
    'order.count': 3,
    'job.wait_ms': 17,
    tags: ['a', '4bf92f3577b34da6a3ce929d0e0e4736'],
  }
  const root = tracer.startSpan('root', { attributes })
  tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)).addEvent('tick').end()
  root.end()
  const none = { kind: 'INTERNAL', status: 'UNSET', links: [], events: [], remoteParent: false }
  const child = { ...none, name: 'child', attributes: {}, events: ['tick'], children: [] }
  expect(tracing.treeNodes()).toEqual([
    {
      ...none,
      name: 'root',
      attributes: {
        'server.port': '<port>',
        'url.full': 'http://127.0.0.1:<port>/orders',
        'messaging.message.id': '<id>',
        'messaging.kafka.offset': '<id>',
        'order.key': '<id>',
        'order.at': '<time>',
        'order.count': 3,
        'job.wait_ms': '<time>',
        tags: ['a', '<id>'],
      },
      children: [child],
    },
  ])
})
