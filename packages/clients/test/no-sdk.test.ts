import { traceClients } from '@throughline/clients'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startFetchServer, type FetchServer } from './fetch-server.ts'

let server: FetchServer
beforeAll(async () => {
  server = await startFetchServer()
})
afterAll(() => server.close())

test('without an SDK a request goes out as it is', async () => {
  const clients = traceClients()
  const response = await fetch(`${server.origin}/orders`)
  expect(await response.text()).toBe('answer')
  expect(server.arrived[0]?.headers['traceparent']).toBeUndefined()
  clients.disable()
})
