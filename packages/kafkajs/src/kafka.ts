import { guard } from '@throughline/core/integration'
import type { KafkaLike } from './client.ts'
import { instrumentConsumer } from './consumer.ts'
import { replaceMethods } from './method.ts'
import { resolveKafkaTracing, type KafkaTracing, type KafkaTracingOptions } from './options.ts'
import { instrumentProducer } from './producer.ts'

/**
 * Traces every producer and consumer that this client makes from now on. The client is changed in place and returned:
 * same object, same type. A second call changes nothing. Throws an `InvalidOptionError` for an option that cannot work.
 *
 * @example
 * ```ts
 * const kafka = traceKafka(new Kafka({ clientId: 'orders', brokers }))
 * ```
 */
export function traceKafka<K extends KafkaLike>(kafka: K, options: KafkaTracingOptions = {}): K {
  const tracing = resolveKafkaTracing('traceKafka', options)
  if (options.enabled === false) return kafka
  replaceMethods(kafka, {
    producer: (original) =>
      function (this: unknown, ...args) {
        const producer = original.apply(this, args)
        guard('Tracing a producer', instrumentProducer, producer as object, tracing)
        return producer
      },
    consumer: (original) =>
      function (this: unknown, ...args) {
        const consumer = original.apply(this, args)
        guard('Tracing a consumer', instrumentCreated, consumer as object, tracing, args[0])
        return consumer
      },
  })
  return kafka
}

function instrumentCreated(consumer: object, tracing: KafkaTracing, config: unknown): void {
  const groupId = (config as { groupId?: unknown } | null | undefined)?.groupId
  instrumentConsumer(consumer, {
    ...tracing,
    ...(typeof groupId === 'string' && { groupId }),
  })
}
