import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api'
import { linksTo, originOf, originOfRequest } from '@throughline/core/propagation'
import { describe, expect, test } from 'vitest'

const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
const baggage = propagation.createBaggage({ tenant: { value: 'acme' } })
const sender = propagation.setBaggage(trace.setSpanContext(ROOT_CONTEXT, spanContext), baggage)
const link = { context: spanContext }

describe('work that a sender asked for', () => {
  test('as a child keeps the link too', () => {
    expect(originOf(sender, 'parent')).toEqual({ parent: sender, links: [link] })
  })

  test('as a trace of its own is linked and keeps the baggage', () => {
    const { parent, links } = originOf(sender, 'link')
    expect(trace.getSpanContext(parent)).toBeUndefined()
    expect(propagation.getBaggage(parent)).toBe(baggage)
    expect(links).toEqual([link])
  })

  test('that is to know nothing of it starts from nothing', () => {
    expect(originOf(sender, 'none')).toEqual({ parent: ROOT_CONTEXT, links: [] })
  })
})

describe('a request', () => {
  test('inherits trace, decision and baggage', () => {
    expect(originOfRequest(sender, 'inherit')).toEqual({ parent: sender, links: [] })
  })

  test('at an edge is only linked to its caller', () => {
    const { parent, links } = originOfRequest(sender, 'edge')
    expect(trace.getSpanContext(parent)).toBeUndefined()
    expect(propagation.getBaggage(parent)).toBeUndefined()
    expect(links).toEqual([link])
  })
})

test('a link carries attributes where there are any', () => {
  expect(linksTo(sender, { offset: 7 })).toEqual([{ ...link, attributes: { offset: 7 } }])
})

test('there is no link to nothing, nor to an invalid span', () => {
  expect(linksTo(ROOT_CONTEXT)).toEqual([])
  const invalid = { ...spanContext, traceId: '0'.repeat(32) }
  expect(linksTo(trace.setSpanContext(ROOT_CONTEXT, invalid))).toEqual([])
})
