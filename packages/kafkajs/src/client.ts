// The parts of kafkajs that are used here, by shape: no dependency on kafkajs, and its forks and Confluent's client, which
// has the same shape, work too.

/** A `Kafka` client: what makes producers and consumers. */
export interface KafkaLike {
  producer(...args: never[]): unknown
  consumer(...args: never[]): unknown
}

/** A producer, or a transaction. */
export interface ProducerLike {
  send(...args: never[]): unknown
  sendBatch(...args: never[]): unknown
}

/** A consumer. */
export interface ConsumerLike {
  run(...args: never[]): unknown
}

/** A message as the application sends it. */
export interface SentMessage {
  readonly key?: unknown
  readonly value: unknown
  readonly partition?: unknown
  readonly headers?: unknown
}

/** A message as the consumer hands it over. */
export interface ReceivedMessage {
  readonly key?: unknown
  readonly value: unknown
  readonly offset: string
  readonly timestamp?: unknown
  readonly headers?: unknown
}

/** The messages of one call for one topic. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly SentMessage[]
}

/** What `eachMessage` is called with. */
export interface MessagePayload {
  readonly topic: string
  readonly partition: number
  readonly message: ReceivedMessage
}

/** What `eachBatch` is called with. */
export interface BatchPayload {
  readonly batch: {
    readonly topic: string
    readonly partition: number
    readonly messages: readonly ReceivedMessage[]
  }
}
