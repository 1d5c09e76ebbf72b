import type { KafkaOptions } from '@nestjs/microservices'
import type { KafkaTracingOptions } from '@throughline/kafkajs'

/** Nest's own Kafka options, with those of the tracing beside them. */
export type TracingKafkaOptions = NonNullable<KafkaOptions['options']> & {
  /**
   * The options of `traceKafka`, for the client that is made here.
   * @defaultValue those of `traceKafka`, with the client id that Nest uses
   */
  readonly tracing?: KafkaTracingOptions
}
