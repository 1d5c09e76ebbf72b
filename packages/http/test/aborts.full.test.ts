import { Agent, request as httpRequest, type Server } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { listen, stop } from './servers.ts'
import { SERVERS } from './serving.ts'

const REQUESTS = 12_500 // each fifth one is answered, on a connection that is kept
const AT_ONCE = 50

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

// The spans are counted and forgotten: what is to be flat is the memory of the server.
const counts = { started: 0, ended: 0 }
const tracerProvider = new TracerProvider({
  spanProcessors: [
    {
      onStart: () => void counts.started++,
      onEnd: () => void counts.ended++,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
})
let server: Server | undefined
afterAll(() => stop(server))

const leaving = new Map<string, () => void>()

/** Asks over a kept connection and leaves: when the request has arrived, in the middle of the answer, or not at all. */
function askAndLeave(url: string, agent: Agent, at: number): Promise<void> {
  const method = at % 2 ? 'POST' : 'GET'
  const path = `/${['never', 'never', 'half', 'half', 'whole'][at % 5]!}/${at}`
  return new Promise((resolve) => {
    const client = httpRequest(url + path, { agent, method })
    client.on('error', () => {}).on('close', resolve)
    client.on('response', (response) => {
      response.on('error', () => {}).resume()
      if (path.startsWith('/half')) client.destroy()
    })
    if (path.startsWith('/never')) leaving.set(path, () => client.destroy())
    client.end(method === 'POST' ? 'body' : undefined)
  })
}

describe.each(SERVERS)('%s', (_name, build) => {
  test('10,000 aborted requests over keep-alive leave no span open and no memory taken', async () => {
    counts.started = counts.ended = 0
    server = build(
      (request, response) => {
        const { url = '' } = request.resume().on('error', () => {})
        if (url.startsWith('/half')) response.write('half')
        else if (url.startsWith('/whole')) response.end('whole')
        leaving.get(url)?.()
        leaving.delete(url)
      },
      { tracerProvider },
    )
    const url = await listen(server)
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    const heaps: number[] = []
    for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_, at) => askAndLeave(url, agent, sent + at))
      await Promise.all(batch)
      if (sent % 1000 === 0) {
        gc()
        heaps.push(process.memoryUsage().heapUsed)
      }
    }
    agent.destroy()
    await stop(server)
    // The last connections tell that they are closed after the server tells that it is.
    const all = { started: REQUESTS, ended: REQUESTS }
    await vi.waitFor(() => expect(counts).toEqual(all))
    // The first rounds compile and fill pools; from then on nothing may stay.
    const growth = heaps.at(-1)! - heaps[3]!
    expect(growth, `heap after each 1,000: ${heaps.join(', ')}`).toBeLessThan(1_500_000)
  }, 120_000)
})
