import { ROOT_CONTEXT, context, propagation, trace, type Context } from '@opentelemetry/api'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterEach, expect, test } from 'vitest'

const started: TestTracing[] = []

function tracingOf(...options: Parameters<typeof createTestTracing>): TestTracing {
  const tracing = createTestTracing(...options)
  started.push(tracing)
  return tracing
}

afterEach(async () => {
  for (const tracing of started.splice(0).toReversed()) await tracing.shutdown()
})

const start = (name: string, parent: Context = ROOT_CONTEXT) =>
  trace.getTracer('test').startSpan(name, {}, parent)

test('finished spans are kept in the order of their end', () => {
  const tracing = tracingOf()
  const outer = start('outer')
  start('inner', trace.setSpan(ROOT_CONTEXT, outer)).end()
  outer.end()
  expect(tracing.spans().map((span) => span.name)).toEqual(['inner', 'outer'])
  expect(tracing.tree()).toBe('outer [INTERNAL]\n  inner [INTERNAL]')
})

test('a tree is in order of start, also within one tick of the clock', () => {
  const tracing = tracingOf()
  const at = { startTime: 1_700_000_000_000 }
  const [first, second] = ['first', 'second'].map((name) =>
    trace.getTracer('test').startSpan(name, at, ROOT_CONTEXT),
  )
  second!.end()
  first!.end()
  expect(tracing.tree()).toBe('first [INTERNAL]\nsecond [INTERNAL]')
})

test('a set-up after a shutdown is the global one', async () => {
  await createTestTracing().shutdown()
  const second = tracingOf()
  start('work').end()
  expect(second.span('work').status).toBe('UNSET')
})

test('of two set-ups the later one is in charge until its shutdown', async () => {
  const first = tracingOf()
  const second = tracingOf()
  start('for the second').end()
  await second.shutdown()
  start('for the first').end()
  expect(first.spans().map((span) => span.name)).toEqual(['for the first'])
  expect(second.spans().map((span) => span.name)).toEqual(['for the second'])
})

test('shutting down the earlier of two leaves the later one in charge', async () => {
  const first = tracingOf()
  const second = tracingOf()
  await first.shutdown()
  start('work').end()
  expect(second.span('work').name).toBe('work')
  const carrier: Record<string, string> = {}
  propagation.inject(trace.setSpan(ROOT_CONTEXT, start('other')), carrier)
  expect(carrier).toHaveProperty('traceparent')
})

test('a set-up beside an SDK that is global already says so, and leaves it alone', () => {
  const sdk = createTestTracing({ global: false })
  trace.setGlobalTracerProvider(sdk.tracerProvider)
  try {
    expect(() => createTestTracing()).toThrow('pass { global: false }')
    start('work').end()
    expect(sdk.spans()).toHaveLength(1)
  } finally {
    trace.disable()
  }
})

test('a set-up that is not global takes nothing, but context is carried all the same', async () => {
  const tracing = tracingOf({ global: false })
  start('elsewhere').end()
  const span = tracing.tracerProvider.getTracer('test').startSpan('mine')
  await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
    await Promise.resolve()
    expect(trace.getSpan(context.active())).toBe(span)
  })
  span.end()
  expect(tracing.spans().map((each) => each.name)).toEqual(['mine'])
})

test('spans that never ended and spans that ended twice are told', () => {
  const tracing = tracingOf()
  start('open')
  const twice = start('twice')
  twice.end()
  twice.end()
  expect(tracing.unended()).toEqual(['open'])
  expect(tracing.endedTwice()).toEqual(['twice'])
})

test('a span whose parent never ended is an orphan; one with a parent from a carrier is not', () => {
  const tracing = tracingOf()
  start('orphan', trace.setSpan(ROOT_CONTEXT, start('open'))).end()
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  start('from afar', propagation.extract(ROOT_CONTEXT, { traceparent })).end()
  expect(tracing.orphans().map((span) => span.name)).toEqual(['orphan'])
})

test('a reset forgets finished and open spans, and takes no later child for an orphan', () => {
  const tracing = tracingOf()
  const open = start('open')
  const parent = start('parent')
  parent.end()
  tracing.reset()
  open.end()
  start('child', trace.setSpan(ROOT_CONTEXT, parent)).end()
  expect(tracing.spans().map((span) => span.name)).toEqual(['child'])
  expect(tracing.unended()).toEqual([])
  expect(tracing.orphans()).toEqual([])
})

test('waiting ends with what the condition found', async () => {
  const tracing = tracingOf()
  const found = tracing.waitFor((spans) => spans.find((span) => span.name === 'second'))
  start('first').end()
  start('second').end()
  expect(await found).toBe(tracing.span('second'))
  expect(await tracing.waitForSpans(2)).toHaveLength(2)
})

test('waiting can be for a span that is still open', async () => {
  const tracing = tracingOf()
  const found = tracing.waitFor(() => tracing.unended().includes('work'))
  start('work')
  expect(await found).toBe(true)
})

test('a condition may throw until it holds, and never into the code under test', async () => {
  const tracing = tracingOf()
  const found = tracing.waitFor(() => tracing.span('work'))
  expect(() => start('other').end()).not.toThrow()
  start('work').end()
  expect((await found).name).toBe('work')
})

test('waiting in vain says what there was and why the condition did not hold', async () => {
  const tracing = tracingOf()
  start('ended').end()
  start('open')
  const error = await tracing.waitFor(() => tracing.span('work'), 1).catch((error: Error) => error)
  expect(error).toMatchObject({
    message: 'waited 1 ms for spans; ended: ended; still open: open',
    cause: { message: expect.stringContaining('no span is named "work"') },
  })
})

test('waiting ends at once when tracing is shut down, and unheard it harms nobody', async () => {
  const tracing = tracingOf()
  const heard = tracing.waitForSpans(1)
  void tracing.waitForSpans(1)
  await tracing.shutdown()
  await expect(heard).rejects.toThrow('shut down while waiting')
})

test('asking for one span by name fails where there is none or more than one', () => {
  const tracing = tracingOf()
  start('twin').end()
  start('twin').end()
  expect(() => tracing.span('twin')).toThrow('more than one span is named "twin"')
  expect(() => tracing.span('other')).toThrow('no span is named "other" in:\ntwin [INTERNAL]')
})
