import { traceMixin } from '@throughline/core/logging'
import { traceKafka } from '@throughline/kafkajs'
import { bullmqTelemetry } from '@throughline/worker/bullmq'
import { Queue } from 'bullmq'
import { Kafka, logLevel } from 'kafkajs'
import { pino } from 'pino'
import { settings, type Order } from '../settings.ts'
import { startStock } from './stock.ts'

const log = pino({ mixin: traceMixin() })
// With an exporter for metrics, such as OTEL_METRICS_EXPORTER=otlp, the lag of both consumers is measured too.
const kafka = traceKafka(
  new Kafka({ clientId: 'fulfilment', brokers: settings.brokers, logLevel: logLevel.ERROR }),
  { captureHeaders: ['attempt'], settle: true, metrics: true },
)
const shipping = new Queue<Order>('ship-order', {
  connection: { url: settings.redisUrl },
  telemetry: bullmqTelemetry(),
})
const retries = kafka.producer()
await retries.connect()

// One message at a time: each order goes on in its own trace, also through the retry topic.
const orders = kafka.consumer({ groupId: 'fulfilment', maxWaitTimeInMs: 100 })
await orders.connect()
await orders.subscribe({ topics: ['order.placed', 'order.retry'], fromBeginning: true })
await orders.run({
  async eachMessage({ topic, message: { key, value, headers } }) {
    const order = JSON.parse(String(value)) as Order
    // The chair is not in stock when it is asked for first.
    if (order.sku === 'chair' && topic === 'order.placed') {
      const messages = [{ key, value, headers: { ...headers, attempt: '2' } }]
      await retries.send({ topic: 'order.retry', messages })
      return log.warn({ order: order.id }, 'out of stock, to be tried again')
    }
    await shipping.add('ship', order, { attempts: 3, backoff: { type: 'fixed', delay: 100 } })
    log.info({ order: order.id }, 'order goes to shipping')
  },
})

const stopStock = await startStock(kafka, log)

process.once('SIGTERM', async () => {
  await Promise.all([orders.disconnect(), stopStock()])
  await Promise.all([retries.disconnect(), shipping.close()])
})
log.info('ready')
