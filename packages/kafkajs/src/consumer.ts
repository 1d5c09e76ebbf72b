import { checkOption } from '@throughline/core/integration'
import type { ConsumerLike } from './client.ts'
import { watchConsumer } from './consumer-metrics.ts'
import { tracedEachBatch } from './each-batch.ts'
import { tracedEachMessage } from './each-message.ts'
import { replaceMethods, type Method } from './method.ts'
import type { ConsumerTracing, ConsumerTracingOptions } from './options.ts'
import { resolveKafkaTracing } from './resolve-options.ts'
import { settleOffsets } from './settle.ts'
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
  const run = (original: Method): Method =>
    function (this: unknown, ...args) {
      const [config, ...rest] = args
      if (typeof config !== 'object' || config === null) return original.apply(this, args)
      return original.call(this, withTracedHandlers(config, tracing), ...rest)
    }
  const methods = tracing.settling ? { run, commitOffsets: settleOffsets(tracing) } : { run }
  replaceMethods(consumer, methods, () => watchConsumer(consumer, tracing))
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
