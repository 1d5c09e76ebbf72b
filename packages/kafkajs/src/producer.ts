import { guard, isThenable } from '@throughline/core/integration'
import type { ProducerLike } from './client.ts'
import { replaceMethods, type Method } from './method.ts'
import type { KafkaTracing, KafkaTracingOptions } from './options.ts'
import { resolveKafkaTracing } from './resolve-options.ts'
import { callSend } from './send-call.ts'
import { settleTransaction } from './settle.ts'
import { TransactionState } from './transaction-state.ts'

/**
 * Traces a producer that was made elsewhere, in place, and returns it: `send`, `sendBatch` and those of its
 * transactions. A second call changes nothing. Throws an `InvalidOptionError` for an option that cannot work.
 */
export function traceProducer<P extends ProducerLike>(
  producer: P,
  options: KafkaTracingOptions = {},
): P {
  const tracing = resolveKafkaTracing('traceProducer', options)
  if (options.enabled !== false) instrumentProducer(producer, tracing)
  return producer
}

/** A producer or a transaction. Confluent's producer is its own transaction, so it has the methods of both. */
export function instrumentProducer(
  producer: object,
  tracing: KafkaTracing,
  transaction: TransactionState = new TransactionState(),
): void {
  // Confluent's `sendBatch` calls `send` of the same producer for each topic, before it waits for anything.
  const calling = { batch: false }
  replaceMethods(producer, {
    send: (original) =>
      function (this: unknown, ...args) {
        if (calling.batch) return original.apply(this, args)
        const [argument, ...rest] = args
        const call = (sent: unknown): unknown => original.call(this, sent, ...rest)
        return callSend({ tracing, transaction, isBatch: false, argument, call })
      },
    sendBatch: (original) =>
      function (this: unknown, ...args) {
        const [argument, ...rest] = args
        const call = (sent: unknown): unknown => {
          calling.batch = true
          try {
            return original.call(this, sent, ...rest)
          } finally {
            calling.batch = false
          }
        }
        return callSend({ tracing, transaction, isBatch: true, argument, call })
      },
    transaction: (original) => tracedTransaction(tracing, original, transaction),
    ...settleTransaction(tracing, transaction),
  })
}

/** A transaction sends as a producer does. */
function tracedTransaction(tracing: KafkaTracing, original: Method, own: TransactionState): Method {
  return function (this: unknown, ...args) {
    const begun = original.apply(this, args)
    if (!isThenable(begun)) return begun
    return begun.then((transaction) => {
      if (typeof transaction !== 'object' || transaction === null) return transaction
      const state = transaction === this ? own : new TransactionState()
      if (tracing.settling) state.open()
      guard('Tracing a transaction', instrumentProducer, transaction, tracing, state)
      return transaction
    })
  }
}
