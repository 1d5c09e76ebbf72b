export { traceConsumer } from './consumer.ts'
export { forwardHeaders } from './forward-headers.ts'
export { traceKafka } from './kafka.ts'
export { traceProducer } from './producer.ts'
export { traceMessage } from './trace-message.ts'
export { untrace } from './untrace.ts'
export type {
  ConsumerLike,
  KafkaLike,
  ProducerLike,
  ReceivedMessage,
  SentMessage,
} from './client.ts'
export type { ConsumerTracingOptions, KafkaActivity, KafkaTracingOptions } from './options.ts'
export type { Placement } from './placement.ts'
