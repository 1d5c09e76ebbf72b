export { TracingClientKafka } from './tracing-client-kafka.ts'
export { TracingServerKafka } from './tracing-server-kafka.ts'
export type { TracingKafkaOptions } from './kafka-options.ts'
