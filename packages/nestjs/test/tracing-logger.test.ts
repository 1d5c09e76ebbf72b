import { Logger } from '@nestjs/common'
import { withSpan, currentTrace } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { TracingLogger } from '../src/index.ts'

let tracing: TestTracing
const lines: string[] = []

beforeAll(() => {
  tracing = createTestTracing()
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
})
afterEach(() => {
  lines.length = 0
})
afterAll(async () => {
  vi.restoreAllMocks()
  Logger.overrideLogger(true)
  await tracing.shutdown()
})

function logInSpan(): { traceId: string; spanId: string } {
  return withSpan('work', () => {
    new Logger('Orders').log('placed')
    return currentTrace()!
  })
}

it('ends a text line with the ids of the active span', () => {
  Logger.overrideLogger(new TracingLogger({ colors: false }))
  const { traceId, spanId } = logInSpan()
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain(`LOG [Orders] placed trace_id=${traceId} span_id=${spanId}`)
  expect(lines[0]).toMatch(/\n$/)
})

it('adds the ids of the active span to a line of JSON', () => {
  Logger.overrideLogger(new TracingLogger({ json: true }))
  const { traceId, spanId } = logInSpan()
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'log',
    message: 'placed',
    context: 'Orders',
    trace_id: traceId,
    span_id: spanId,
    trace_flags: '01',
  })
})

it('leaves lines outside of spans as they are', () => {
  Logger.overrideLogger(new TracingLogger({ colors: false, timestamp: false }))
  new Logger('Orders').log('started')
  Logger.overrideLogger(new TracingLogger({ json: true }))
  new Logger('Orders').log('started')
  expect(lines[0]).toMatch(/\[Orders\] started\n$/)
  expect(JSON.parse(lines[1]!)).not.toHaveProperty('trace_id')
})
