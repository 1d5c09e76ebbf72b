import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { renderWaterfall, type StoredSpan, type WaterfallOptions } from '../src/index.ts'
import { widthOf } from '../src/display-text.ts'
import { link, span, spanId, TRACE_A, TRACE_B } from './stored-spans.ts'

const START = 1_700_000_000_000

/** The order of the README: one trace over six services. */
const order: readonly StoredSpan[] = [
  at(1, 0, 0, 142, 'gateway', 'POST /orders', 'SERVER'),
  at(2, 1, 4, 130, 'gateway', 'POST', 'CLIENT'),
  at(3, 2, 8, 120, 'orders', 'POST /orders', 'SERVER'),
  at(4, 3, 12, 30.5, 'orders', 'INSERT orders', 'CLIENT'),
  at(5, 3, 46, 18, 'orders', 'send order.placed', 'PRODUCER'),
  at(6, 5, 66, 22, 'fulfilment', 'process order.placed', 'CONSUMER', { links: [link(TRACE_A, 5)] }),
  at(7, 6, 80, 0.4, 'fulfilment', 'send ship-order', 'PRODUCER'),
  at(8, 7, 150, 40, 'shipping', 'process ship-order', 'CONSUMER', {
    status: 'ERROR',
    statusMessage: 'Label printer jam',
  }),
  at(9, 8, 155, 0, 'shipping', 'print label', 'INTERNAL'),
  at(10, 99, 196, 18, 'notifications', 'process order.shipped', 'CONSUMER', { status: 'OK' }),
]

const stock = at(50, 0, 70, 5, 'stock', 'process stock.reserved', 'CONSUMER', {
  traceId: TRACE_B,
  links: [link(TRACE_A, 5)],
})

function at(
  n: number,
  parent: number,
  start: number,
  durationMs: number,
  service: string,
  name: string,
  kind: StoredSpan['kind'],
  more: Partial<StoredSpan> = {},
): StoredSpan {
  const parentSpanId = parent === 0 ? {} : { parentSpanId: spanId(parent) }
  return span(n, {
    ...parentSpanId,
    startMs: START + start,
    durationMs,
    service,
    name,
    kind,
    ...more,
  })
}

function draw(spans: readonly StoredSpan[], options: WaterfallOptions = {}): string {
  return `\n${renderWaterfall(spans, { width: 100, color: false, ...options })}\n`
}

function repeated(
  count: number,
  more: (n: number) => Partial<StoredSpan> = () => ({}),
): StoredSpan[] {
  return Array.from({ length: count }, (_, index) =>
    at(100 + index, 1, index, 1, 'orders', 'SELECT item', 'CLIENT', more(index)),
  )
}

describe('a waterfall', () => {
  test('draws a trace with its tree, bars, error, orphan and a link that comes in', () => {
    expect(draw(order, { linkedFrom: [{ traceId: TRACE_B, spans: [stock] }] }))
      .toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 5 services · 10 spans · 214 ms · 1 error · 1 orphan ┄
      gateway        POST /orders                          SERVER    █████████████████▉           142 ms
      gateway        ├─ POST                               CLIENT    ▐███████████████▉            130 ms
      orders         │  └─ POST /orders                    SERVER     ███████████████▏            120 ms
      orders         │     ├─ INSERT orders                CLIENT     ▐███▍                        31 ms
      orders         │     └─ send order.placed            PRODUCER       ▕██▏                     18 ms
                     │        │  ⇠ linked from process stock.reserved · stock (trace bbbbbbbb)
      fulfilment     │        └─ process order.placed      CONSUMER          ▐██▏                  22 ms
      fulfilment     │           └─ send ship-order        PRODUCER            ▏                  400 µs
      shipping       │              └─ process ship-order  CONSUMER                    ▕█████      40 ms ✗
                     │                 │  ✗ ERROR Label printer jam
      shipping       │                 └─ print label      INTERNAL                     ▕           0 ms
      notifications  └┄ process order.shipped              CONSUMER                          ▕██   18 ms ✓
      "
    `)
  })

  test('fits 60 columns', () => {
    expect(draw(order, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 5 services · 10 spans · 214 ms · 1 error …
      gateway    POST /orders       SERVER   ████████     142 ms
      gateway    ├─ POST            CLIENT   ▐██████▌     130 ms
      orders     │  └─ POST /orders SERVER   ▐██████▏     120 ms
      orders     │     ├─ INSERT o… CLIENT   ▐█▍           31 ms
      orders     │     └─ send ord… PRODUCER   ▐▋          18 ms
      fulfilment │        └─ proce… CONSUMER    ▕▉         22 ms
      fulfilment ⋯        └─ send … PRODUCER     ▕        400 µs
      shipping   ⋯        └─ proce… CONSUMER         ▐█▋   40 ms ✗
                 ⋯           │  ✗ ERROR Label printer jam
      shipping   ⋯        └─ print… INTERNAL         ▕      0 ms
      notificat… └┄ process order.… CONSUMER            █  18 ms ✓
      "
    `)
  })

  test('draws links that go out as arrows, but not the one to the parent', () => {
    const spans = [
      at(1, 0, 0, 10, 'fulfilment', 'process batch', 'CONSUMER', {
        links: [link(TRACE_B, 50), link('1234abcd'.repeat(4), 7)],
      }),
      at(2, 1, 1, 2, 'fulfilment', 'send ship-order', 'PRODUCER'),
      at(3, 2, 4, 3, 'shipping', 'process ship-order', 'CONSUMER', {
        links: [link(TRACE_A, 2), link(TRACE_A, 1)],
      }),
    ]
    expect(draw(spans, { linkedTo: [{ traceId: TRACE_B, spans: [stock] }] }))
      .toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 2 services · 3 spans · 10 ms
      fulfilment  process batch             CONSUMER  ███████████████████████████████████████████  10 ms
                  │  ⇢ links to process stock.reserved · stock (trace bbbbbbbb)
                  │  ⇢ links to span 00000000 (trace 1234abcd)
      fulfilment  └─ send ship-order        PRODUCER      ▐███████▉                                 2 ms
      shipping       └─ process ship-order  CONSUMER                   ▐████████████▏               3 ms
                           ⇢ links to process batch · fulfilment
      "
    `)
  })

  test('draws only the first links of a large batch', () => {
    const links = Array.from({ length: 100 }, (_, index) => link(TRACE_B, index))
    expect(draw([span(1, { links })])).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 1 service · 1 span · 10 ms
      gateway  span 1  INTERNAL  ████████████████████████████████████████████████████████████████  10 ms
                  ⇢ links to span 00000000 (trace bbbbbbbb)
                  ⇢ links to span 00000000 (trace bbbbbbbb)
                  ⇢ links to span 00000000 (trace bbbbbbbb)
                  ⇢ links to span 00000000 (trace bbbbbbbb)
                  ⇢ links to span 00000000 (trace bbbbbbbb)
                  ⇢ … 95 more
      "
    `)
  })

  test('names the reason of an error that has no message', () => {
    const exception = {
      name: 'exception',
      timeMs: START,
      attributes: { 'exception.message': 'connection\nrefused' },
    }
    const spans = [
      span(1, { status: 'ERROR', events: [exception] }),
      span(2, { status: 'ERROR', attributes: { 'error.type': '503' } }),
      span(3, { status: 'ERROR' }),
    ]
    expect(draw(spans, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 1 service · 3 spans · 10 ms · 3 errors
      gateway span 1 INTERNAL ████████████████████████████ 10 ms ✗
                 ✗ ERROR connection refused
      gateway span 2 INTERNAL ████████████████████████████ 10 ms ✗
                 ✗ ERROR 503
      gateway span 3 INTERNAL ████████████████████████████ 10 ms ✗
      "
    `)
  })

  test('leaves one line for the rest of repeated siblings, with their errors', () => {
    const spans = [
      order[0] as StoredSpan,
      ...repeated(50, (n) => (n > 46 ? { status: 'ERROR' } : {})),
    ]
    expect(draw(spans, { width: 80 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 2 services · 51 spans · 142 ms · 3 errors
      gateway  POST /orders                   SERVER  ██████████████████████  142 ms
      orders   ├─ SELECT item                 CLIENT  ▏                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▏                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▎                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▕                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▕                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▕                         1 ms
      orders   ├─ SELECT item                 CLIENT  ▕▏                        1 ms
      orders   ├─ SELECT item                 CLIENT   ▏                        1 ms
      orders   ├─ SELECT item                 CLIENT   ▏                        1 ms
      orders   └─ … 41 more, 3 ✗ SELECT item  CLIENT   ░░░░░░░
      "
    `)
  })

  test('draws a trace without a root', () => {
    const spans = [
      at(2, 1, 0, 5, 'orders', 'first', 'SERVER'),
      at(3, 2, 1, 2, 'orders', 'second', 'CLIENT'),
    ]
    expect(draw(spans, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 1 service · 2 spans · 5 ms · 1 orphan ┄
      orders ┄ first   SERVER █████████████████████████████ 5 ms
      orders └─ second CLIENT      ▕███████████▍            2 ms
      "
    `)
  })

  test('draws spans that are their own ancestors', () => {
    const spans = [
      at(1, 3, 0, 5, 'orders', 'first', 'INTERNAL'),
      at(2, 1, 1, 3, 'orders', 'second', 'INTERNAL'),
      at(3, 2, 2, 1, 'orders', 'third', 'INTERNAL'),
      at(4, 4, 3, 1, 'orders', 'itself', 'INTERNAL'),
    ]
    expect(draw(spans, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 1 service · 4 spans · 5 ms
      orders ┄ first     INTERNAL █████████████████████████ 5 ms
      orders └─ second   INTERNAL      ███████████████      3 ms
      orders    └─ third INTERNAL           █████           1 ms
      orders ┄ itself    INTERNAL                █████      1 ms
      "
    `)
  })

  test('cuts the left of a tree that is deep', () => {
    const spans = Array.from({ length: 7 }, (_, n) =>
      at(n + 1, n, n, 20 - n, 'orders', `level ${n}`, 'INTERNAL'),
    )
    expect(draw(spans, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 1 service · 7 spans · 20 ms
      orders level 0             INTERNAL ████████████████ 20 ms
      orders └─ level 1          INTERNAL ▕███████████████ 19 ms
      orders    └─ level 2       INTERNAL  ▐██████████████ 18 ms
      orders       └─ level 3    INTERNAL   ▐█████████████ 17 ms
      orders          └─ level 4 INTERNAL    ▐████████████ 16 ms
      orders ⋯        └─ level 5 INTERNAL     ████████████ 15 ms
      orders ⋯        └─ level 6 INTERNAL     ▕███████████ 14 ms
      "
    `)
  })

  test('stays inside when the clocks of services differ', () => {
    const spans = [
      at(1, 0, 0, 10, 'gateway', 'POST', 'CLIENT'),
      at(2, 1, -40, 8, 'orders', 'POST /orders', 'SERVER'),
      at(3, 1, 60, 8, 'orders', 'POST /orders', 'SERVER'),
    ]
    expect(draw(spans, { width: 60 })).toMatchInlineSnapshot(`
      "
      trace aaaaaaaa… · 2 services · 3 spans · 108 ms
      gateway POST            CLIENT        ▕█▊            10 ms
      orders  ├─ POST /orders SERVER █▌                     8 ms
      orders  └─ POST /orders SERVER                    ▐█  8 ms
      "
    `)
  })

  test('uses colour only when asked', () => {
    const [, line] = renderWaterfall([span(1)], { width: 60, color: true }).split('\n')
    expect(line?.replaceAll('\u001b', '^')).toMatchInlineSnapshot(
      `"^[36mgateway^[39m span 1 ^[2mINTERNAL^[22m ^[36m████████████████████████████^[39m 10 ms"`,
    )
    vi.stubEnv('NO_COLOR', '1')
    expect(renderWaterfall(order)).not.toContain('\u001b')
    vi.unstubAllEnvs()
  })

  test('of nothing says so', () => {
    expect(renderWaterfall([])).toBe('no spans')
  })
})

describe.each([40, 60, 80, 100, 140])('at a width of %d', (width) => {
  const wide = [
    at(20, 9, 150, 5, 'サービス名がとても長い場合', '日本語のラベルを印刷する 🎉🎉🎉', 'INTERNAL', {
      status: 'ERROR',
      statusMessage: '紙詰まり '.repeat(50),
      links: [link(TRACE_B, 3)],
    }),
    at(21, 20, 150, 86_400_000, 'x'.repeat(300), 'y\u001b[31m\n'.repeat(300), 'PRODUCER'),
  ]
  const deep = Array.from({ length: 40 }, (_, n) =>
    at(200 + n, n === 0 ? 21 : 199 + n, 160, 1, 'orders', 'deep', 'CONSUMER', {
      links: [link(TRACE_B, n)],
    }),
  )

  test.each([false, true])('no line is longer (colour: %s)', (color) => {
    const text = renderWaterfall([...order, ...wide, ...deep, ...repeated(99)], {
      width,
      color,
      linkedFrom: [{ traceId: TRACE_B, spans: [stock] }],
    })
    const lines = stripVTControlCharacters(text).split('\n')
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([])
    expect(lines.length).toBeGreaterThan(60)
  })
})

describe('a trace of 10,000 spans', () => {
  test('with one name is drawn in a few lines', () => {
    const spans = [order[0] as StoredSpan, ...repeated(10_000)]
    expect(renderWaterfall(spans).split('\n')).toHaveLength(12)
  })

  test('with all names different is drawn in full', () => {
    const spans = [order[0] as StoredSpan, ...repeated(10_000, (n) => ({ name: `SELECT ${n}` }))]
    expect(renderWaterfall(spans).split('\n')).toHaveLength(10_002)
  })

  test('each the child of the one before is drawn in full', () => {
    const spans = Array.from({ length: 10_000 }, (_, n) =>
      at(n + 1, n, n, 1, 'orders', 'deep', 'INTERNAL'),
    )
    expect(renderWaterfall(spans).split('\n')).toHaveLength(10_001)
  })
})
