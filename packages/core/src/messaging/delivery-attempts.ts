/** So many partitions or queues are watched; beyond, the count starts anew. */
const MAX_SOURCES = 10_000

interface Delivery {
  first: number
  last: number
  attempt: number
}

/**
 * Counts how often messages were delivered, for transports that do not tell: a position that is delivered again is
 * another attempt. It knows this process only; what another consumer tried before a rebalance is not counted.
 */
export class DeliveryAttempts {
  // Two steps instead of a key of both: that would be a new string to hash for every message.
  readonly #topics = new Map<string, Map<number, Delivery>>()
  #sources = 0

  /**
   * The number of the attempt that this delivery is, from 1.
   *
   * @param topic - whose positions these are, with the partition
   * @param first - the position of the message, or of the first one of a batch
   * @param last - the position of the last one of a batch
   */
  next(topic: string, partition: number, first: number, last: number = first): number {
    const latest = this.#topics.get(topic)?.get(partition)
    if (!latest) return this.#add(topic, partition, { first, last, attempt: 1 })
    const again = first >= latest.first && first <= latest.last
    latest.attempt = again ? latest.attempt + 1 : 1
    latest.first = first
    latest.last = last
    return latest.attempt
  }

  #add(topic: string, partition: number, delivery: Delivery): number {
    if (this.#sources >= MAX_SOURCES) {
      this.#topics.clear()
      this.#sources = 0
    }
    this.#sources++
    const partitions = this.#topics.get(topic)
    if (partitions) partitions.set(partition, delivery)
    else this.#topics.set(topic, new Map([[partition, delivery]]))
    return delivery.attempt
  }
}
