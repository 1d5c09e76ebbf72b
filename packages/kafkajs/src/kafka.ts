import { guard } from '@throughline/core/integration'
import type { KafkaLike } from './client.ts'
import { instrumentConsumer } from './consumer.ts'
import { replaceMethods } from './method.ts'
import type { KafkaTracing, KafkaTracingOptions } from './options.ts'
import { notingPartitions } from './placement.ts'
import { instrumentProducer } from './producer.ts'
import { resolveKafkaTracing } from './resolve-options.ts'

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
        const [config, ...rest] = args
        const all = tracing.capturePlacement ? [notingPartitions(config), ...rest] : args
        const { made, identity } = tracing.identity.watch(kafka, () => original.apply(this, all))
        guard('Tracing a producer', instrumentProducer, made as object, { ...tracing, identity })
        return made
      },
    consumer: (original) =>
      function (this: unknown, ...args) {
        const { made, identity } = tracing.identity.watch(kafka, () => original.apply(this, args))
        const own = { ...tracing, identity }
        guard('Tracing a consumer', instrumentCreated, made as object, own, args[0])
        return made
      },
  })
  return kafka
}

interface ConsumerConfig {
  readonly groupId?: unknown
  /** Confluent's two ways to say it. */
  readonly kafkaJS?: { readonly groupId?: unknown } | null
  readonly 'group.id'?: unknown
}

function instrumentCreated(consumer: object, tracing: KafkaTracing, config: unknown): void {
  const given = (config ?? {}) as ConsumerConfig
  const groupId = given.groupId ?? given.kafkaJS?.groupId ?? given['group.id']
  instrumentConsumer(consumer, {
    ...tracing,
    ...(typeof groupId === 'string' && { groupId }),
  })
}
