import { ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { withSpan } from '@throughline/core'
import { resolveTracing } from '@throughline/core/integration'
import {
  BatchLinks,
  MAX_LINKS,
  linkBatch,
  startBatch,
  startProcess,
} from '@throughline/core/messaging'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'

const sdk = createTestTracing()
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

const tracing = resolveTracing({ name: 'test', version: '1.0.0' }, 'test', {})
const orders = { system: 'kafka', destination: 'orders' }
const TRACE = '1'.repeat(32)
const senderOf = (n: number, traceId = TRACE): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: n.toString(16).padStart(16, '0'),
    traceFlags: 1,
    isRemote: true,
  })
const spanOf = (n: number) => trace.getSpanContext(senderOf(n))
const SENDER = senderOf(7)
const LINK = { traceId: TRACE, spanId: '0000000000000007', attributes: {} }

describe('the processing of a message', () => {
  test('is a consumer span, named by what is done to what', () => {
    startProcess(tracing, { ...orders, sender: ROOT_CONTEXT, relation: 'parent' }).end()
    expect(sdk.span('process orders')).toMatchObject({ kind: 'CONSUMER', links: [] })
    expect(sdk.span('process orders').attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
    })
  })

  test("takes the library's own word, the user's own name and extra attributes", () => {
    startProcess(tracing, {
      ...orders,
      sender: SENDER,
      relation: 'none',
      operation: 'eachMessage',
      spanName: 'my work',
      attributes: { 'messaging.kafka.offset': 7 },
    }).end()
    expect(sdk.span('my work').attributes).toMatchObject({
      'messaging.operation.name': 'eachMessage',
      'messaging.kafka.offset': 7,
    })
  })

  test('as a child of its sender is linked to it too', () => {
    startProcess(tracing, { ...orders, sender: SENDER, relation: 'parent' }).end()
    expect(sdk.span('process orders')).toMatchObject({
      traceId: TRACE,
      parentSpanId: LINK.spanId,
      links: [LINK],
    })
  })

  test('is linked to its sender also where the tracer starts a trace of its own', () => {
    const { tracer } = tracing
    const restarting = {
      ...tracing,
      tracer: { ...tracer, startSpan: (name: string) => tracer.startSpan(name, { root: true }) },
    }
    startProcess(restarting, { ...orders, sender: SENDER, relation: 'parent' }).end()
    const span = sdk.span('process orders')
    expect(span).toMatchObject({ parentSpanId: undefined, links: [LINK] })
  })

  test('is linked to no sender whose ids are none', () => {
    const invalid = { traceId: 'g'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 }
    const sender = trace.setSpanContext(ROOT_CONTEXT, invalid)
    startProcess(tracing, { ...orders, sender, relation: 'parent' }).end()
    expect(sdk.span('process orders')).toMatchObject({ parentSpanId: undefined, links: [] })
  })

  test('as a trace of its own is linked to its sender', () => {
    startProcess(tracing, { ...orders, sender: SENDER, relation: 'link' }).end()
    const span = sdk.span('process orders')
    expect(span).toMatchObject({ parentSpanId: undefined, links: [LINK] })
    expect(span.traceId).not.toBe(TRACE)
  })

  test('that knows nothing of its sender has neither', () => {
    startProcess(tracing, { ...orders, sender: SENDER, relation: 'none' }).end()
    expect(sdk.span('process orders')).toMatchObject({ parentSpanId: undefined, links: [] })
  })

  test.each(['parent', 'link', 'none'] as const)(
    'never starts from the active context (%s)',
    (relation) => {
      withSpan('loop', () =>
        startProcess(tracing, { ...orders, sender: ROOT_CONTEXT, relation }).end(),
      )
      expect(sdk.span('process orders').parentSpanId).toBeUndefined()
    },
  )

  test('may link beyond its sender', () => {
    const links = [{ context: trace.getSpanContext(senderOf(8))! }]
    startProcess(tracing, { ...orders, sender: SENDER, relation: 'parent', links }).end()
    expect(sdk.span('process orders').links.map((link) => link.spanId)).toEqual([
      '0000000000000007',
      '0000000000000008',
    ])
  })
})

describe('the processing of a batch', () => {
  test('is a trace of its own that says how many messages it has', () => {
    const batch = new BatchLinks()
    batch.add(SENDER, { offset: 1 })
    withSpan('loop', () =>
      startBatch(tracing, { ...orders, messageCount: 3, links: batch.links }).end(),
    )
    expect(sdk.span('process orders')).toMatchObject({
      kind: 'CONSUMER',
      parentSpanId: undefined,
      attributes: { 'messaging.batch.message_count': 3 },
      links: [{ ...LINK, attributes: { offset: 1 } }],
    })
  })

  test('links once to each sender, and not to messages without one', () => {
    const batch = new BatchLinks()
    for (const sender of [senderOf(1), ROOT_CONTEXT, senderOf(2), senderOf(1)]) batch.add(sender)
    expect(batch.links).toHaveLength(2)
  })

  test('links to no more senders than a span can carry', () => {
    const batch = new BatchLinks()
    for (let n = 1; n < MAX_LINKS; n++) batch.add(senderOf(n))
    expect(batch.full).toBe(false)
    batch.add(senderOf(500))
    expect(batch.full).toBe(true)
    batch.add(senderOf(501))
    expect(batch.links).toHaveLength(128)
    startBatch(tracing, { ...orders, messageCount: 129, links: batch.links }).end()
    expect(sdk.span('process orders').links).toHaveLength(128)
  })

  test('is linked after its start, where it is recorded, with what varies on the link', () => {
    const operation = startBatch(tracing, { ...orders, messageCount: 2 })
    linkBatch(operation, [1, 2], spanOf, (offset) => ({ offset }))
    operation.end()
    expect(sdk.span('process orders')).toMatchObject({
      links: [
        { spanId: '0000000000000001', attributes: { offset: 1 } },
        { spanId: '0000000000000002', attributes: { offset: 2 } },
      ],
    })
    expect(sdk.span('process orders').attributes).not.toHaveProperty(
      'throughline.batch.unlinked_messages',
    )
  })

  test('says how many messages there was no room to link to, and reads none of them', () => {
    const messages = Array.from({ length: 200 }, (_, n) => n + 1)
    const read = vi.fn(spanOf)
    const operation = startBatch(tracing, { ...orders, messageCount: 200 })
    linkBatch(operation, messages, read)
    operation.end()
    expect(sdk.span('process orders').links).toHaveLength(MAX_LINKS)
    expect(sdk.span('process orders').attributes['throughline.batch.unlinked_messages']).toBe(72)
    expect(read).toHaveBeenCalledTimes(MAX_LINKS)
  })

  test('that is not recorded reads no context at all', () => {
    const tracerProvider = new TracerProvider({ sampler: new AlwaysOffSampler() })
    const unsampled = resolveTracing({ name: 'test', version: '1.0.0' }, 'test', { tracerProvider })
    const read = vi.fn(spanOf)
    linkBatch(startBatch(unsampled, { ...orders, messageCount: 2 }), [1, 2], read)
    expect(read).not.toHaveBeenCalled()
  })

  test('loses its links, not its work, to a carrier that cannot be read', () => {
    const operation = startBatch(tracing, { ...orders, messageCount: 2 })
    linkBatch(operation, [1, 2], () => {
      throw new Error('unreadable')
    })
    operation.end()
    expect(sdk.span('process orders').links).toEqual([])
  })
})

test('a delivery that is not the first one says which it is', () => {
  startProcess(tracing, { ...orders, sender: ROOT_CONTEXT, relation: 'parent' }).end()
  startBatch(tracing, { ...orders, messageCount: 1, deliveryAttempt: 1 }).end()
  startBatch(tracing, { ...orders, messageCount: 1, deliveryAttempt: 3 }).end()
  expect(sdk.spans().map((span) => span.attributes['throughline.delivery_attempt'])).toEqual([
    undefined,
    undefined,
    3,
  ])
})
