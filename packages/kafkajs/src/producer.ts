import { guard, isThenable } from '@throughline/core/integration'
import type { ProducerLike } from './client.ts'
import { replaceMethods, type Method } from './method.ts'
import { resolveKafkaTracing, type KafkaTracing, type KafkaTracingOptions } from './options.ts'
import { callSend } from './send-call.ts'

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

export function instrumentProducer(producer: object, tracing: KafkaTracing): void {
  replaceMethods(producer, {
    send: (original) => tracedSend(tracing, original, false),
    sendBatch: (original) => tracedSend(tracing, original, true),
    transaction: (original) => tracedTransaction(tracing, original),
  })
}

function tracedSend(tracing: KafkaTracing, original: Method, isBatch: boolean): Method {
  return function (this: unknown, ...args) {
    return callSend(tracing, isBatch, args[0], (argument) =>
      original.call(this, argument, ...args.slice(1)),
    )
  }
}

/** A transaction sends as a producer does; commit, abort and offsets are its own. */
function tracedTransaction(tracing: KafkaTracing, original: Method): Method {
  return function (this: unknown, ...args) {
    const begun = original.apply(this, args)
    if (!isThenable(begun)) return begun
    return begun.then((transaction) => {
      if (typeof transaction === 'object' && transaction !== null) {
        guard('Tracing a transaction', instrumentProducer, transaction, tracing)
      }
      return transaction
    })
  }
}
