import { traceMixin } from '@throughline/core/logging'
import { traceKafka, traceMessage } from '@throughline/kafkajs'
import { bullmqTelemetry } from '@throughline/worker/bullmq'
import { Queue } from 'bullmq'
import { Kafka, logLevel } from 'kafkajs'
import { pino } from 'pino'
import { settings, type Order } from '../settings.ts'

const log = pino({ mixin: traceMixin() })
const kafka = traceKafka(
  new Kafka({ clientId: 'fulfilment', brokers: settings.brokers, logLevel: logLevel.ERROR }),
)
const shipping = new Queue<Order>('ship-order', {
  connection: { url: settings.redisUrl },
  telemetry: bullmqTelemetry(),
})

// One message at a time: each order goes on in its own trace.
const orders = kafka.consumer({ groupId: 'fulfilment', maxWaitTimeInMs: 100 })
await orders.connect()
await orders.subscribe({ topic: 'order.placed', fromBeginning: true })
await orders.run({
  async eachMessage({ message }) {
    const order = JSON.parse(String(message.value)) as Order
    await shipping.add('ship', order, { attempts: 3, backoff: { type: 'fixed', delay: 100 } })
    log.info({ order: order.id }, 'order goes to shipping')
  },
})

// Many messages at once: the batch is a trace of its own, with a link to every order in it.
const stock = kafka.consumer({ groupId: 'stock', minBytes: 100_000, maxWaitTimeInMs: 1000 })
await stock.connect()
await stock.subscribe({ topic: 'stock.reserved', fromBeginning: true })
await stock.run({
  async eachBatch({ batch }) {
    for (const message of batch.messages) {
      traceMessage(message, () => log.info({ sku: String(message.key) }, 'stock reserved'))
    }
    log.info({ messages: batch.messages.length }, 'stock is up to date')
  },
})

process.once('SIGTERM', async () => {
  await Promise.all([orders.disconnect(), stock.disconnect()])
  await shipping.close()
})
log.info('ready')
