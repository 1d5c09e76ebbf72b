import { isThenable } from '@throughline/core/integration'
import { traceKafka, type KafkaLike, type KafkaTracingOptions } from '@throughline/kafkajs'

/** Wraps the kafkajs client that Nest made: Nest 11 and earlier return it, Nest 12 promises it. */
export function tracedClient(client: unknown, tracing: KafkaTracingOptions): unknown {
  if (isThenable(client)) return client.then((kafka) => traceKafka(kafka as KafkaLike, tracing))
  return traceKafka(client as KafkaLike, tracing)
}
