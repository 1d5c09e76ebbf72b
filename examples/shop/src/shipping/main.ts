import { traceMixin } from '@throughline/core/logging'
import { traceKafka } from '@throughline/kafkajs'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import { traceTick } from '@throughline/worker/schedule'
import { traceTask } from '@throughline/worker/threads'
import { Queue, Worker, type Job } from 'bullmq'
import { Kafka, logLevel } from 'kafkajs'
import { pino } from 'pino'
import { Piscina } from 'piscina'
import { settings, type Order } from '../settings.ts'

const log = pino({ mixin: traceMixin() })
const kafka = traceKafka(
  new Kafka({ clientId: 'shipping', brokers: settings.brokers, logLevel: logLevel.ERROR }),
)
const producer = kafka.producer()
await producer.connect()
const labels = new Piscina({ filename: new URL('./label.js', import.meta.url).href, maxThreads: 1 })

async function ship(job: Job<Order>): Promise<void> {
  const order = job.data
  // Glass is wrapped by hand: the printer jams twice before it works.
  if (order.sku === 'glass' && job.attemptsMade < 2) throw new Error('label printer jammed')
  const label = (await labels.run(traceTask(order))) as string
  const messages = [{ key: order.id, value: JSON.stringify({ ...order, label }) }]
  await producer.send({ topic: 'order.shipped', messages })
  log.info({ order: order.id, label }, 'order shipped')
}

// A shop's job belongs to its one order, so it continues the order's trace. The default is a trace of its own, linked.
const worker = new Worker<Order>('ship-order', traceProcessor(ship), {
  connection: { url: settings.redisUrl },
  telemetry: bullmqTelemetry({ relation: 'parent' }),
})
worker.on('failed', (job, error) => log.warn({ order: job?.data.id }, error.message))
await worker.waitUntilReady()

// Each tick is a trace of its own, whatever this service was started in.
const queue = new Queue<Order>('ship-order', { connection: { url: settings.redisUrl } })
const everyMs = 1000
const count = traceTick({ name: 'count waiting orders', everyMs }, async () => {
  log.info(await queue.getJobCounts('waiting', 'delayed'), 'orders to ship')
})
const counting = setInterval(count, everyMs)

process.once('SIGTERM', async () => {
  clearInterval(counting)
  await worker.close()
  await Promise.all([producer.disconnect(), labels.destroy(), queue.close()])
})
log.info('ready')
