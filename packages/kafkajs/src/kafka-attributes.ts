/** Attribute keys of Kafka's own that core does not know. */
export const KAFKA_ATTR = {
  /** Messaging semantic conventions 1.44 (development). */
  clusterId: 'messaging.kafka.cluster.id',
  /** How long a message was under way and waiting, by its timestamp: the name that opentelemetry-java gives it. */
  queueTime: 'kafka.record.queue_time_ms',
  /** Where each message of a send went, as `partition:offset`. */
  placements: 'throughline.kafka.placements',
} as const
