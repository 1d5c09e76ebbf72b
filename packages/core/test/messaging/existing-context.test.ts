import { ROOT_CONTEXT, context, trace, type Context } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { resolveTracing } from '@throughline/core/integration'
import { keepsContext, startBatch, startProcess } from '@throughline/core/messaging'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const sdk = createTestTracing()
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

const tracing = resolveTracing({ name: 'test', version: '1.0.0' }, 'test', {})
const orders = { system: 'kafka', destination: 'orders' }
const contextOf = (digit: string): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: digit.repeat(32),
    spanId: digit.repeat(16),
    traceFlags: 1,
    isRemote: true,
  })
const RECEIVED = contextOf('1')
const OUTBOX = contextOf('2')
const keeps = (creation: Context) => keepsContext('auto', creation, context.active())

describe('a context that a message carries when it is sent', () => {
  test('stays, since whoever made the message put it there', () => {
    expect(keeps(OUTBOX)).toBe(true)
  })

  test.each(['parent', 'link', 'none'] as const)(
    'is replaced where it is that of the message in hand (%s)',
    (relation) => {
      const operation = startProcess(tracing, { ...orders, sender: RECEIVED, relation })
      operation.run(() => {
        expect(keeps(RECEIVED)).toBe(false)
        expect(keeps(OUTBOX)).toBe(true)
        // Also from further in.
        withSpan('retry later', () => expect(keeps(RECEIVED)).toBe(false))
      })
    },
  )

  test('is replaced where it is that of any message of the batch in hand', () => {
    const received = ({ spanId }: { spanId: string }) => spanId === '1'.repeat(16)
    const operation = startBatch(tracing, { ...orders, messageCount: 2, received })
    operation.run(() => {
      expect(keeps(RECEIVED)).toBe(false)
      expect(keeps(OUTBOX)).toBe(true)
    })
  })

  test('stays where a batch cannot tell', () => {
    const received = () => {
      throw new Error('unreadable')
    }
    const operation = startBatch(tracing, { ...orders, messageCount: 2, received })
    operation.run(() => expect(keeps(RECEIVED)).toBe(true))
  })

  test('stays or goes as the user says, whatever is in hand', () => {
    const operation = startProcess(tracing, { ...orders, sender: RECEIVED, relation: 'parent' })
    expect(keepsContext('preserve', RECEIVED, operation.context)).toBe(true)
    expect(keepsContext('replace', OUTBOX, ROOT_CONTEXT)).toBe(false)
  })
})
