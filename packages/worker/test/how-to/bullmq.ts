import { withSpan } from '@throughline/core'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import { Queue, Worker } from 'bullmq'

const { hostname, port } = new URL(process.env['REDIS_URL'] ?? 'redis://localhost:6379')
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null }
const telemetry = bullmqTelemetry()

const queue = new Queue('shipping', { connection, telemetry })
const ship = traceProcessor(async (job) => {
  if (job.attemptsMade === 0) throw new Error('printer jammed')
  await withSpan('print label', async () => {})
})
const worker = new Worker('shipping', ship, { connection, telemetry })

await withSpan('POST /orders', () => queue.add('ship-order', { order: 7 }, { attempts: 2 }))
await new Promise((resolve) => worker.once('completed', resolve))

await worker.close()
await queue.close()
