import { DiagLogLevel, diag } from '@opentelemetry/api'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { withSpan } from '@throughline/core'
import { traceFetch, type ClientTracing } from '@throughline/clients'
import { createTestTracing, type TestSpan } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startFetchServer, type FetchServer } from './fetch-server.ts'

const tracing = createTestTracing()
const warnings: string[] = []
let server: FetchServer
let theirs: UndiciInstrumentation | undefined
let ours: ClientTracing | undefined

beforeAll(async () => {
  server = await startFetchServer()
  const log = (...args: unknown[]): unknown => warnings.push(args.join(' '))
  diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
})
afterEach(() => {
  theirs?.disable()
  ours?.disable()
  theirs = ours = undefined
  expect(tracing.unended()).toEqual([])
  tracing.reset()
  server.arrived.length = 0
})
afterAll(async () => {
  diag.disable()
  await server.close()
  await tracing.shutdown()
})

function enableTheirs(): void {
  theirs = new UndiciInstrumentation()
  theirs.setTracerProvider(tracing.tracerProvider)
}

async function ask(headers: Record<string, string> = {}): Promise<void> {
  await (await fetch(server.origin, { headers })).text()
}

function clientSpans(): TestSpan[] {
  return tracing.spans().filter(({ kind }) => kind === 'CLIENT')
}

test('where instrumentation-undici was there first, the span is its, and that is said once', async () => {
  enableTheirs()
  ours = traceFetch()
  await withSpan('caller', async () => {
    await ask()
    await ask()
  })
  await tracing.waitForSpans(3)
  expect(clientSpans().map(({ scope }) => scope.name)).toEqual([
    '@opentelemetry/instrumentation-undici',
    '@opentelemetry/instrumentation-undici',
  ])
  const sent = server.arrived.map(({ headers }) => String(headers['traceparent']).split('-')[2])
  expect(sent).toEqual(clientSpans().map(({ spanId }) => spanId))
  expect(warnings.filter((text) => text.includes('its spans are used'))).toHaveLength(1)
})

test('where it came later, ours steps aside from the second request on', async () => {
  ours = traceFetch()
  enableTheirs()
  await withSpan('first', () => ask())
  await tracing.waitForSpans(3)
  tracing.reset()
  await withSpan('second', () => ask())
  await tracing.waitForSpans(2)
  expect(clientSpans().map(({ scope }) => scope.name)).toEqual([
    '@opentelemetry/instrumentation-undici',
  ])
})

test('headers that the application passes on itself are not taken for theirs', async () => {
  ours = traceFetch()
  await withSpan('caller', async (span) => {
    const { traceId, spanId } = span.spanContext()
    await ask({ traceparent: `00-${traceId}-${spanId}-01` })
    await ask({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })
  })
  await tracing.waitForSpans(3)
  expect(clientSpans().map(({ scope }) => scope.name)).toEqual([
    '@throughline/clients',
    '@throughline/clients',
  ])
})
