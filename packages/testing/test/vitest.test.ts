import { ROOT_CONTEXT, SpanKind, SpanStatusCode, propagation, trace } from '@opentelemetry/api'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const tracing = createTestTracing()
const headers: Record<string, string> = {}
afterAll(() => tracing.shutdown())

const REQUEST = {
  'http.request.method': 'POST',
  'http.route': '/orders',
  'http.response.status_code': 201,
  'url.path': '/orders',
  'url.scheme': 'http',
}
const SEND = {
  'messaging.system': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
  'messaging.destination.name': 'orders',
}

beforeAll(() => {
  const tracer = trace.getTracer('test')
  const request = tracer.startSpan('POST /orders', { kind: SpanKind.SERVER, attributes: REQUEST })
  const inside = trace.setSpan(ROOT_CONTEXT, request)
  const send = tracer.startSpan(
    'send orders',
    { kind: SpanKind.PRODUCER, attributes: SEND },
    inside,
  )
  propagation.inject(trace.setSpan(inside, send), headers)
  const links = [{ context: send.spanContext() }]
  tracer.startSpan('process orders', { kind: SpanKind.CONSUMER, links }, ROOT_CONTEXT).end()
  send.end()
  request.end()
})

const span = (name: string): TestSpan => tracing.span(name)

/** A finished span of its own tracing. */
function made(name: string, kind: SpanKind, attributes: object, error = false): TestSpan {
  const own = createTestTracing({ global: false })
  const one = own.tracerProvider
    .getTracer('t')
    .startSpan(name, { kind, attributes: { ...attributes } })
  if (error) one.setStatus({ code: SpanStatusCode.ERROR })
  one.end()
  return own.span(name)
}

describe('toHaveSpan', () => {
  test('looks for a span that has at least what is expected', () => {
    expect(tracing).toHaveSpan({ name: 'POST /orders', attributes: { 'http.route': '/orders' } })
    expect(tracing.spans()).toHaveSpan({ kind: 'CONSUMER' })
    expect(tracing).toHaveSpan({ name: expect.stringMatching(/^send /) as string })
    expect(tracing).toHaveSpan({ name: /^send /, links: [] })
    expect(tracing).not.toHaveSpan({ name: 'POST /orders', attributes: { 'http.route': '/' } })
    expect(tracing).not.toHaveSpan({ name: 'POST /orders', kind: 'CLIENT' })
    expect(tracing).not.toHaveSpan({ name: /^receive / })
    expect(tracing).not.toHaveSpan({ statusMessage: 'no' })
  })

  test('marks the nearest span, with what it lacks', () => {
    const attributes = { 'http.route': '/' }
    expect(() => expect(tracing).toHaveSpan({ name: /^POST/, kind: 'SERVER', attributes })).toThrow(
      'expected a span that matches {"name":"/^POST/","kind":"SERVER","attributes":{"http.route":"/"}}, in:\n\n' +
        '> POST /orders [SERVER]  <- attributes["http.route"] is "/orders", expected "/"\n' +
        '    send orders [PRODUCER]\n' +
        '  process orders [CONSUMER] -> send orders\n',
    )
  })

  test('marks none where none is near, and says so where there are none', () => {
    expect(() => expect(tracing).toHaveSpan({ name: 'GET /' })).toThrow(
      '\n\n  POST /orders [SERVER]\n    send orders [PRODUCER]\n  process orders [CONSUMER] -> send orders\n',
    )
    expect(() => expect([]).toHaveSpan({ name: 'GET /' })).toThrow('(no spans)')
  })

  test('marks those that are there and should not be', () => {
    expect(() => expect(tracing).not.toHaveSpan({ kind: 'PRODUCER' })).toThrow(
      /expected no span that .*\n\n {2}POST.*\n> {3}send orders \[PRODUCER\] {2}<- this one\n/,
    )
  })
})

describe('toBeChildOf', () => {
  test('looks at the direct parent in the same trace', () => {
    expect(span('send orders')).toBeChildOf(span('POST /orders'))
    expect(span('process orders')).not.toBeChildOf(span('send orders'))
    expect(span('POST /orders')).not.toBeChildOf(span('send orders'))
  })

  test('marks the span, its parent, and the one that was expected', () => {
    expect(() => expect(span('process orders')).toBeChildOf(span('send orders'))).toThrow(
      'expected "process orders" to be a child of "send orders", in:\n\n' +
        '  POST /orders [SERVER]\n' +
        '>   send orders [PRODUCER]  <- expected as its parent\n' +
        '> process orders [CONSUMER] -> send orders  <- has no parent\n',
    )
    expect(() => expect(span('send orders')).toBeChildOf(span('process orders'))).toThrow(
      'send orders [PRODUCER]  <- has the parent "POST /orders"',
    )
    expect(() => expect(span('send orders')).not.toBeChildOf(span('POST /orders'))).toThrow(
      /not to be a child of[^]*POST \/orders \[SERVER\] {2}<- is its parent/,
    )
  })
})

describe('toBeLinkedTo', () => {
  test('looks at the links', () => {
    expect(span('process orders')).toBeLinkedTo(span('send orders'))
    expect(span('process orders')).not.toBeLinkedTo(span('POST /orders'))
  })

  test('marks both', () => {
    expect(() => expect(span('POST /orders')).toBeLinkedTo(span('send orders'))).toThrow(
      'expected "POST /orders" to be linked to "send orders", in:\n\n' +
        '> POST /orders [SERVER]  <- has 0 links\n' +
        '>   send orders [PRODUCER]  <- expected as the target of a link\n',
    )
    expect(() => expect(span('process orders')).not.toBeLinkedTo(span('send orders'))).toThrow(
      /not to be linked to[^]*<- is linked\n> process orders .* <- has 1 link\n/,
    )
  })
})

describe('toMatchTraceTree', () => {
  const tree = `
    POST /orders [SERVER]
      send orders [PRODUCER]
    process orders [CONSUMER] -> send orders
  `

  test('compares the tree as text', () => {
    expect(tracing).toMatchTraceTree(tree)
    expect(tracing.spans()).toMatchTraceTree(tree)
    expect(tracing).not.toMatchTraceTree('POST /orders [SERVER]')
  })

  test('does not see ids, times and ports', () => {
    const name = 'GET http://127.0.0.1:43123/0f8fad5b-d9cb-469f-a165-70867728950e'
    const one = made(name, SpanKind.CLIENT, {})
    expect([one]).toMatchTraceTree('GET http://127.0.0.1:<port>/<id> [CLIENT]')
  })

  test('marks the lines that differ', () => {
    const other = tree.replace('send orders [PRODUCER]', 'send order [PRODUCER]')
    expect(() => expect(tracing).toMatchTraceTree(other)).toThrow(
      'the one there is (+) to be the same:\n\n' +
        '  POST /orders [SERVER]\n' +
        '-   send order [PRODUCER]\n' +
        '+   send orders [PRODUCER]\n' +
        '  process orders [CONSUMER] -> send orders\n',
    )
    expect(() => expect(tracing).toMatchTraceTree('')).toThrow('\n\n- \n+ POST /orders [SERVER]\n')
    expect(() => expect(tracing).not.toMatchTraceTree(tree)).toThrow(
      'expected another trace tree than\n\nPOST /orders',
    )
  })
})

describe('toHavePropagated', () => {
  test.each([
    ['an object', () => headers],
    ['Headers', () => new Headers(headers)],
    ['a Map', () => new Map(Object.entries(headers))],
    ['raw headers', () => ['Traceparent', headers['traceparent']!]],
    ['Kafka headers', () => ({ traceparent: Buffer.from(headers['traceparent']!) })],
    ['distinct headers', () => ({ TraceParent: [headers['traceparent']!] })],
  ])('finds the context of a span in %s', (_, carrier) => {
    expect(span('send orders')).toHavePropagated(carrier())
    expect(span('POST /orders')).not.toHavePropagated(carrier())
  })

  test('tells what the carrier holds instead, and marks whose it is', () => {
    expect(() => expect(span('POST /orders')).toHavePropagated(headers)).toThrow(
      `in the carrier, which holds traceparent "${headers['traceparent']}", in:\n\n` +
        '> POST /orders [SERVER]  <- expected in the carrier\n' +
        '>   send orders [PRODUCER]  <- is in the carrier\n',
    )
    const expected = expect(span('send orders'))
    expect(() => expected.toHavePropagated({})).toThrow('which holds no traceparent')
    expect(() => expected.toHavePropagated({ traceparent: 'x' })).toThrow('holds traceparent "x"')
    const twice = { traceparent: [headers['traceparent']!, headers['traceparent']!] }
    expect(() => expected.toHavePropagated(twice)).toThrow('which holds 2 traceparents')
    expect(() => expected.not.toHavePropagated(headers)).toThrow('not to be in the carrier')
  })
})

describe('toConformToSemconv', () => {
  const client = {
    'http.request.method': 'GET',
    'url.full': 'http://shop.example/',
    'server.address': 'shop.example',
    'server.port': 80,
  }
  const { SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL } = SpanKind

  test.each([
    ['a server span', made('POST /orders', SERVER, REQUEST)],
    ['one without a route', made('POST', SERVER, { ...REQUEST, 'http.route': undefined })],
    [
      'one that was not found',
      made('POST', SERVER, {
        ...REQUEST,
        'http.route': undefined,
        'http.response.status_code': 404,
      }),
    ],
    [
      'one that failed',
      made(
        'POST /orders',
        SERVER,
        { ...REQUEST, 'http.response.status_code': 500, 'error.type': '500' },
        true,
      ),
    ],
    [
      'one that was left before its end',
      made('POST /orders', SERVER, { ...REQUEST, 'error.type': 'client_disconnected' }, true),
    ],
    [
      'one of an unknown method',
      made('HTTP /orders', SERVER, { ...REQUEST, 'http.request.method': '_OTHER' }),
    ],
    ['a client span', made('GET', CLIENT, client)],
    ['one with a template', made('GET /{id}', CLIENT, { ...client, 'url.template': '/{id}' })],
    ['a send', made('send orders', PRODUCER, SEND)],
    [
      'a process',
      made('process orders', CONSUMER, {
        ...SEND,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
      }),
    ],
    [
      'a send to a queue that was made up for a while',
      made('send broker:9092', PRODUCER, {
        ...SEND,
        'messaging.destination.temporary': true,
        'server.address': 'broker',
        'server.port': 9092,
      }),
    ],
    [
      'a commit of no destination',
      made('commit', CLIENT, {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'commit',
        'messaging.operation.type': 'settle',
      }),
    ],
  ])('passes %s', (_, one) => {
    expect(one).toConformToSemconv()
    expect([one]).toConformToSemconv()
    expect(() => expect(one).not.toConformToSemconv()).toThrow('not to keep the semantic')
  })

  test.each([
    ['lacks url.path', made('POST /orders', SERVER, { ...REQUEST, 'url.path': undefined })],
    ['lacks url.scheme', made('POST /orders', SERVER, { ...REQUEST, 'url.scheme': undefined })],
    ['should be named "POST /orders"', made('POST /orders/7', SERVER, REQUEST)],
    [
      'should be named "POST"',
      made('POST /orders', SERVER, { ...REQUEST, 'http.route': undefined }),
    ],
    [
      'has the unknown method "post"',
      made('post /orders', SERVER, { ...REQUEST, 'http.request.method': 'post' }),
    ],
    [
      'answers 500 and is no ERROR',
      made('POST /orders', SERVER, { ...REQUEST, 'http.response.status_code': 500 }),
    ],
    [
      'is an ERROR for a status of 404',
      made(
        'POST /orders',
        SERVER,
        { ...REQUEST, 'http.response.status_code': 404, 'error.type': '404' },
        true,
      ),
    ],
    [
      'has an http.response.status_code that is no number',
      made('POST /orders', SERVER, { ...REQUEST, 'http.response.status_code': '200' }),
    ],
    ['is an ERROR without error.type', made('POST /orders', SERVER, REQUEST, true)],
    [
      'has an error.type and is no ERROR',
      made('POST /orders', SERVER, { ...REQUEST, 'error.type': 'x' }),
    ],
    ['is of the kind INTERNAL, not CLIENT', made('GET', INTERNAL, client)],
    ['lacks url.full', made('GET', CLIENT, { ...client, 'url.full': undefined })],
    ['lacks server.address', made('GET', CLIENT, { ...client, 'server.address': undefined })],
    ['lacks server.port', made('GET', CLIENT, { ...client, 'server.port': undefined })],
    [
      'answers 404 and is no ERROR',
      made('GET', CLIENT, { ...client, 'http.response.status_code': 404 }),
    ],
    [
      'lacks messaging.operation.name',
      made('send orders', PRODUCER, { ...SEND, 'messaging.operation.name': undefined }),
    ],
    ['is of the kind CONSUMER, not PRODUCER or CLIENT', made('send orders', CONSUMER, SEND)],
    [
      'has the unknown operation type "publish"',
      made('send orders', PRODUCER, { ...SEND, 'messaging.operation.type': 'publish' }),
    ],
    ['should be named "send orders"', made('orders send', PRODUCER, SEND)],
  ])('says of a span that it %s', (says, one) => {
    expect(one).not.toConformToSemconv()
    expect(() => expect(one).toConformToSemconv()).toThrow(
      `expected spans to keep the semantic conventions, in:\n\n> ${one.name} [${one.kind}]`,
    )
    expect(() => expect([one]).toConformToSemconv()).toThrow(says)
  })

  test('looks at every span of HTTP and of messaging, and at no other', () => {
    expect(tracing).toConformToSemconv()
    expect([...tracing.spans(), made('work', INTERNAL, {})]).toConformToSemconv()
  })

  test('fails where it has nothing to look at', () => {
    const says = 'expected a span of HTTP or of messaging: nothing else is checked'
    expect(() => expect([]).toConformToSemconv()).toThrow(says)
    expect(() => expect(made('work', INTERNAL, {})).toConformToSemconv()).toThrow(says)
  })
})

test('what is no span, no tracing and no carrier is said to be none', () => {
  const none = undefined as never
  expect(() => expect(none).toHaveSpan({})).toThrow('toHaveSpan: expected a TestTracing or a list')
  expect(() => expect(none).toBeChildOf(span('send orders'))).toThrow(
    'expected a span of createTest',
  )
  expect(() => expect(span('send orders')).toBeLinkedTo(none)).toThrow(
    'toBeLinkedTo: expected a span',
  )
  expect(() => expect(none).toConformToSemconv()).toThrow('toConformToSemconv: expected')
  expect(() => expect(span('send orders')).toHavePropagated(none)).toThrow('expected a carrier')
})
