import { parseArgs } from 'node:util'
import { startReceiver, type Receiver } from '@throughline/devtools'
import { startServices, type Services } from '@throughline/test-services'
import { placeOrders } from './orders.ts'
import { renderReport } from './report.ts'
import { isComplete, judge, type DemoResult } from './result.ts'
import { Shop, rejectOn } from './shop.ts'

const STORY_TIMEOUT_MS = 30_000
const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
})
// The set-up began before this file ran: with installing and building.
const startedAt = Number(process.env['THROUGHLINE_DEMO_STARTED_AT'] ?? Date.now())
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stop.abort(new Error('stopped')))
}

let receiver: Receiver | undefined
let servers: Services | undefined
let shop: Shop | undefined
try {
  const result = await run()
  process.exitCode = result.ok ? 0 : 1
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  if (stop.signal.aborted) say('stopped')
  else console.error(`\nThe demo failed: ${message}`)
  if (flags.json) console.log(JSON.stringify({ ok: false, missing: [message] }))
  process.exitCode = stop.signal.aborted ? 130 : 1
} finally {
  await shop?.stop()
  await Promise.all([receiver?.close(), servers?.stop()])
  process.exit() // what was given up may still wait for its time limit
}

async function run(): Promise<DemoResult> {
  receiver = await startReceiver({ port: 0 })
  say('starting Kafka, Redis and PostgreSQL')
  servers = await startServices(['kafka', 'redis', 'postgres'], {
    onProgress: say,
    signal: stop.signal,
  })
  say('starting gateway, orders, fulfilment, shipping and notifications')
  shop = await Shop.start(servers.env, receiver.url, stop.signal)
  const setupMs = Date.now() - startedAt
  const failed = Promise.race([shop.failed, serverFailed(servers), rejectOn(stop.signal)])

  say('placing six orders')
  const runningSince = Date.now()
  const orders = await Promise.race([placeOrders(shop.url, stop.signal), failed])
  const { store } = receiver
  const running = shop
  await Promise.race([
    store
      .waitFor(() => isComplete(orders, running, store), { timeoutMs: STORY_TIMEOUT_MS })
      .catch(() => say('not everything arrived in time')),
    failed,
  ])
  if (flags.keep) {
    say(`the shop is open at ${shop.url}: curl -d '{"sku":"book","amount":30}' … ; Ctrl-C ends it`)
    await failed.catch((error: unknown) => {
      if (!stop.signal.aborted) throw error
    })
  }
  say('stopping the services')
  await shop.stop()
  const result = judge(orders, shop, store, { setupMs, runMs: Date.now() - runningSince })
  console.log(flags.json ? JSON.stringify(result) : renderReport(result, orders, shop, store))
  return result
}

function say(line: string): void {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)
  console.error(`${seconds} s  ${line}`)
}

/** Rejects when a server ends in the middle of the demo. */
function serverFailed(running: Services): Promise<never> {
  const failed = Promise.race(
    [running.kafka, running.redis, running.postgres].map(async (server): Promise<never> => {
      if (!server?.exited) return new Promise<never>(() => {})
      await server.exited
      throw new Error(
        `${server.name} ended in the middle of the demo; start it again with npm run demo`,
      )
    }),
  )
  failed.catch(() => {})
  return failed
}
