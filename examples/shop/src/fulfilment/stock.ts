import { traceMessage } from '@throughline/kafkajs'
import type { EachBatchPayload, Kafka } from 'kafkajs'
import type { Logger } from 'pino'

const GROUP = 'stock'

/**
 * Makes a pick list of many reservations at once: a batch is a trace of its own, with a link to every order in it. Answers
 * how to stop it.
 */
export async function startStock(kafka: Kafka, log: Logger): Promise<() => Promise<void>> {
  const picklists = kafka.producer({
    transactionalId: 'picklists',
    idempotent: true,
    maxInFlightRequests: 1,
  })
  const stock = kafka.consumer({ groupId: GROUP, minBytes: 100_000, maxWaitTimeInMs: 1000 })
  await Promise.all([picklists.connect(), stock.connect()])

  /** Nobody is to pick a lamp twice: the list and how far it goes are written together, or neither is. */
  async function publish(items: string[], payload: EachBatchPayload): Promise<void> {
    const transaction = await picklists.transaction()
    try {
      const messages = [{ value: JSON.stringify(items) }]
      await transaction.send({ topic: 'picklist.made', messages })
      await transaction.sendOffsets({ consumerGroupId: GROUP, ...payload.uncommittedOffsets() })
      await transaction.commit()
    } catch (error) {
      await transaction.abort()
      throw error
    }
  }

  await stock.subscribe({ topic: 'stock.reserved', fromBeginning: true })
  await stock.run({
    autoCommit: false,
    async eachBatch(payload) {
      const items = payload.batch.messages.map((message) =>
        // In the trace of its own order, which is how the order's trace says that it is on the list.
        traceMessage(message, () => {
          const item = String(message.key)
          log.info({ item }, 'put on the pick list')
          payload.resolveOffset(message.offset)
          return item
        }),
      )
      await publish(items, payload)
      log.info({ items }, 'pick list made')
    },
  })

  return async () => {
    await stock.disconnect()
    await picklists.disconnect()
  }
}
