import { diag, DiagLogLevel, trace } from '@opentelemetry/api'
import { bindContext, runDetached, withSpan } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { traceConsumer, traceMessage, type ReceivedMessage } from '../src/index.ts'
import { createMemoryKafka, message, sentBy } from './memory-kafka.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

const topic = 'orders'

async function inBatch(
  messages: readonly ReceivedMessage[],
  handler: () => unknown,
  options?: object,
): Promise<void> {
  const memory = createMemoryKafka()
  await traceConsumer(memory.kafka.consumer(), options).run({ eachBatch: handler })
  await memory.deliverBatch({ batch: { topic, partition: 1, messages } })
}

test('the span is active, ends when the work is done, and its result passes through', async () => {
  const one = message({ headers: sentBy('a') })
  await inBatch([one], async () => {
    const result = await traceMessage(one, async () => {
      await Promise.resolve()
      return trace.getActiveSpan()!.spanContext().traceId
    })
    expect(result).toBe('a'.repeat(32))
    expect(tracing.spans()).toHaveLength(1)
  })
})

test('a failure makes that span an error and not the batch, when the handler deals with it', async () => {
  const one = message()
  const error = new Error('no')
  await inBatch([one], () => {
    expect(() =>
      traceMessage(one, () => {
        throw error
      }),
    ).toThrow(error)
  })
  expect(tracing.spans().map((span) => span.status)).toEqual(['ERROR', 'UNSET'])
})

test('a message of no sender starts a trace that links to its batch', async () => {
  const one = message({ headers: {} })
  await inBatch([one], () => traceMessage(one, () => {}))
  const [single, batch] = tracing.spans()
  expect(single!.parentSpanId).toBeUndefined()
  expect(single!.links).toMatchObject([{ spanId: batch!.spanId }])
})

test('the relation of the consumer holds for its messages', async () => {
  const one = message({ headers: sentBy('a') })
  await inBatch([one], () => traceMessage(one, () => {}), { relation: 'link' })
  const [single, batch] = tracing.spans()
  expect(single!.traceId).not.toBe('a'.repeat(32))
  expect(single!.links.map((link) => link.spanId)).toEqual(['a'.repeat(16), batch!.spanId])
})

test('it works where the context was lost, and afterwards for all messages of that batch', async () => {
  const messages = [message({ headers: sentBy('a') }), message({ headers: sentBy('b') })]
  await inBatch(messages, () => runDetached(() => traceMessage(messages[0]!, () => {})))
  traceMessage(messages[1]!, () => {})
  const parents = tracing.spans().map((span) => span.parentSpanId)
  expect(parents).toEqual(['a'.repeat(16), undefined, 'b'.repeat(16)])
})

test('it works after the batch in a context that comes from there', async () => {
  const one = message({ headers: sentBy('a') })
  let later = (): void => {}
  await inBatch([one], () => {
    later = bindContext(() => traceMessage(one, () => {}))
  })
  later()
  expect(tracing.spans().at(-1)).toMatchObject({ parentSpanId: 'a'.repeat(16) })
})

test('a message of an ignored topic gets no span', async () => {
  const one = message({ headers: sentBy('a') })
  await inBatch([one], () => traceMessage(one, () => withSpan('inside', () => {})), {
    ignore: () => true,
  })
  expect(tracing.spans()).toEqual([])
})

test('a copy of a message runs without a span, and that is said once', () => {
  const warn = vi.fn()
  const silent = (): void => {}
  const logger = { error: silent, info: silent, debug: silent, verbose: silent, warn }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  try {
    expect(traceMessage({ ...message() }, () => 1)).toBe(1)
    expect(traceMessage({ ...message() }, () => 2)).toBe(2)
  } finally {
    diag.disable()
  }
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]!.join(' ')).toContain('traceMessage')
  expect(tracing.spans()).toEqual([])
})

test('a handler whose promise says twice that it is done leaves the batches of others findable', async () => {
  const [mine, other] = [message(), message({ offset: '8' })]
  let finish = (): void => {}
  let running: Promise<void> | undefined
  await new Promise<void>((started) => {
    running = inBatch([mine], () => {
      started()
      return new Promise<void>((resolve) => (finish = resolve))
    })
  })
  const twice = {
    // oxlint-disable-next-line unicorn/no-thenable
    then(done: (value: unknown) => unknown) {
      done(undefined)
      done(undefined)
      return twice
    },
  }
  await inBatch([other], () => twice)
  runDetached(() => traceMessage(mine, () => withSpan('found', () => {})))
  finish()
  await running
  const span = tracing.spans().find(({ name }) => name === 'found')!
  const process = tracing.spans().find(({ spanId }) => spanId === span.parentSpanId)
  expect(process?.name).toBe('process orders')
})
