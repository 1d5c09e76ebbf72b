import { channel } from 'node:diagnostics_channel'
import { traceClients, traceFetch } from '@throughline/clients'
import { createTestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { startFetchServer } from './fetch-server.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

test('all clients share one set of options and one switch', async () => {
  const server = await startFetchServer()
  const own = createTestTracing({ global: false })
  const clients = traceClients({
    tracerProvider: own.tracerProvider,
    fetch: { ignore: ({ path }) => path === '/health' },
  })
  await (await fetch(`${server.origin}/health`)).text()
  await (await fetch(`${server.origin}/orders`)).text()
  await own.waitForSpans(1)
  expect(own.span('GET').attributes['url.full']).toBe(`${server.origin}/orders`)
  clients.disable()
  await (await fetch(`${server.origin}/orders`)).text()
  expect(own.spans()).toHaveLength(1)
  await server.close()
})

test('traceFetch after traceClients is the same tracing', () => {
  const clients = traceClients()
  expect(traceFetch()).toBe(clients)
  clients.disable()
})

test.each([{ fetch: false as const }, { enabled: false }])('%j leaves fetch alone', (options) => {
  traceClients(options)
  expect(channel('undici:request:create').hasSubscribers).toBe(false)
})

test('options that cannot work are refused', () => {
  expect(() => traceClients({ fetch: 'yes' as never })).toThrow('option "fetch" must be an object')
})
