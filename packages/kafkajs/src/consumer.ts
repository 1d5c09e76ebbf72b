import { checkOption } from '@throughline/core/integration'
import type { ConsumerLike } from './client.ts'
import { tracedEachBatch } from './each-batch.ts'
import { tracedEachMessage } from './each-message.ts'
import { replaceMethods, type Method } from './method.ts'
import {
  resolveKafkaTracing,
  type ConsumerTracing,
  type ConsumerTracingOptions,
} from './options.ts'
import { shallowCopy } from './shallow-copy.ts'

/**
 * Traces a consumer that was made elsewhere, in place, and returns it: the handlers that `run` is called with from now
 * on. A second call changes nothing. Throws an `InvalidOptionError` for an option that cannot work.
 */
export function traceConsumer<C extends ConsumerLike>(
  consumer: C,
  options: ConsumerTracingOptions = {},
): C {
  const { enabled, groupId } = options
  checkOption('traceConsumer', 'groupId', groupId, 'string')
  const tracing = resolveKafkaTracing('traceConsumer', options)
  if (enabled !== false) instrumentConsumer(consumer, { ...tracing, groupId })
  return consumer
}

export function instrumentConsumer(consumer: object, tracing: ConsumerTracing): void {
  replaceMethods(consumer, {
    run: (original) =>
      function (this: unknown, ...args) {
        const [config, ...rest] = args
        if (typeof config !== 'object' || config === null) return original.apply(this, args)
        return original.call(this, withTracedHandlers(config, tracing), ...rest)
      },
  })
}

function withTracedHandlers(config: object, tracing: ConsumerTracing): object {
  const copy = shallowCopy(config) as { eachMessage?: unknown; eachBatch?: unknown }
  if (typeof copy.eachMessage === 'function') {
    copy.eachMessage = tracedEachMessage(tracing, copy.eachMessage as Method)
  }
  if (typeof copy.eachBatch === 'function') {
    copy.eachBatch = tracedEachBatch(tracing, copy.eachBatch as Method)
  }
  return copy
}
