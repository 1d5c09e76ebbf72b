import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DemoResult } from '../demo/result.ts'
import { DemoProcess } from './demo-process.ts'

type Span = DemoResult['story']['spans'][number]

let result: DemoResult
let code: number | null

/** What came in as metrics, of all services. The names in it are plain text. */
let metrics = ''
const collector = createServer((request, response) => {
  request.setEncoding('latin1').on('data', (chunk: string) => (metrics += chunk))
  request.on('end', () => response.end())
})
afterAll(() => void collector.close())

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  const demo = new DemoProcess(['--json'], {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${port}`,
  })
  const { code: exitCode, stdout, stderr } = await demo.ended
  code = exitCode
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/)
  result = JSON.parse(stdout) as DemoResult
})

test('the demo finds everything that it looks for and exits with 0', () => {
  expect(result.missing).toBeUndefined()
  expect(result).toMatchObject({ ok: true, orphans: 0, unended: 0 })
  expect(code).toBe(0)
})

// Each of these was taken out once, and this test failed and named what was missing: the fields in the headers of a Kafka
// message (`ContextCarrier` in kafkajs), `traceTask` in the shipping service, `traceFetch` in `traceClients`.
test('one order is one trace through five services, each hop below the one that caused it', () => {
  expect(result.story.traceIds).toHaveLength(1)
  expect(renderTree(result.story.spans)).toMatchInlineSnapshot(`
    "gateway: POST /orders [SERVER]
      gateway: POST [CLIENT]
        orders: POST /orders [SERVER]
          orders: OrdersController.place [INTERNAL]
            orders: INSERT orders [CLIENT]
            orders: PaymentService.charge [INTERNAL]
            orders: send order.placed [PRODUCER]
              fulfilment: process order.placed [CONSUMER]
                fulfilment: send ship-order [PRODUCER]
                  shipping: process ship-order [CONSUMER]
                    shipping: print label [INTERNAL]
                    shipping: send order.shipped [PRODUCER]
                      notifications: process order.shipped [CONSUMER]
                        notifications: NotificationsController.onShipped [INTERNAL]
            orders: send stock.reserved [PRODUCER]
              fulfilment: process stock.reserved [CONSUMER]"
  `)
})

test('what was received links to what was sent', () => {
  const byId = new Map(result.story.spans.map((span) => [span.spanId, span.name]))
  const links = result.story.spans
    .filter((span) => span.kind === 'CONSUMER')
    .map((span) => `${span.name} -> ${span.links.map((link) => byId.get(link.spanId)).join(', ')}`)
  expect(links.toSorted()).toEqual([
    'process order.placed -> send order.placed',
    'process order.shipped -> send order.shipped',
    'process ship-order -> send ship-order',
    'process stock.reserved -> send stock.reserved, ',
  ])
})

test('spans say what a backend needs to know', () => {
  expect(spanOf('gateway', 'POST /orders').attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/orders',
    'http.response.status_code': 201,
    'url.path': '/orders',
  })
  expect(spanOf('orders', 'INSERT orders').attributes).toMatchObject({
    'db.system.name': 'postgresql',
    'db.operation.name': 'INSERT',
    'db.query.text': 'INSERT INTO orders (id, sku, amount) VALUES ($1, $2, $3)',
  })
  expect(spanOf('fulfilment', 'process order.placed').attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.destination.name': 'order.placed',
    'messaging.consumer.group.name': 'fulfilment',
    'messaging.operation.type': 'process',
  })
  expect(spanOf('shipping', 'process ship-order').attributes).toMatchObject({
    'messaging.system': 'bullmq',
    'job.attempt': 1,
    'job.outcome': 'completed',
  })
})

test('the declined order is an answer, the slow one is slow, and four are placed besides', () => {
  expect(result.orders).toEqual({ placed: 5, declined: 1, slow: 1 })
})

test('the job that fails twice has three attempts, two of them errors', () => {
  expect(result.attempts).toEqual([
    { attempt: 1, status: 'ERROR' },
    { attempt: 2, status: 'ERROR' },
    { attempt: 3, status: 'UNSET' },
  ])
})

test('the batch has a link for each order in it', () => {
  const messages = result.batches.reduce((sum, batch) => sum + batch.messages, 0)
  const links = result.batches.reduce((sum, batch) => sum + batch.links, 0)
  expect([messages, links]).toEqual([5, 5])
  expect(result.batches.some((batch) => batch.links > 1)).toBe(true)
})

test('a batch becomes a pick list in a transaction, below the span of the batch', () => {
  for (const { steps } of result.batches) {
    expect(steps).toEqual([
      'send picklist.made',
      'send_offsets stock.reserved',
      'commit picklist.made',
    ])
  }
})

test('the order that is out of stock goes on in its own trace, through the retry topic', () => {
  expect(result.retry).toEqual([
    'send order.placed',
    'process order.placed',
    'send order.retry',
    'process order.retry',
  ])
})

test('with an exporter for metrics, the fulfilment service says how far it is behind', () => {
  expect(metrics).toContain('kafka.consumer.records_lag')
  for (const name of ['order.placed', 'order.retry', 'stock.reserved']) {
    expect(metrics).toContain(name)
  }
})

test('each tick of the timer in the shipping service is a trace of its own', () => {
  expect(result.ticks.spans).toBeGreaterThan(0)
  expect(result.ticks.traces).toBe(result.ticks.spans)
})

test('log lines that were written while an order was handled carry its trace', () => {
  expect(result.logs.correlated).toBeGreaterThanOrEqual(5 * 4)
})

function spanOf(service: string, name: string): Span {
  return result.story.spans.find((span) => span.service === service && span.name === name)!
}

function renderTree(spans: readonly Span[], parent: string | null = null, depth = 0): string {
  return spans
    .filter((span) => span.parentSpanId === parent)
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((span) => {
      const line = `${'  '.repeat(depth)}${span.service}: ${span.name} [${span.kind}]`
      return [line, renderTree(spans, span.spanId, depth + 1)].filter(Boolean).join('\n')
    })
    .join('\n')
}
