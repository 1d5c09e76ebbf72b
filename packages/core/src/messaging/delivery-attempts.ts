/** So many partitions or queues are watched; beyond, the count starts anew. */
const MAX_SOURCES = 10_000

interface Delivery {
  readonly first: number
  readonly last: number
  readonly attempt: number
}

/**
 * Counts how often messages were delivered, for transports that do not tell: a position that is delivered again is
 * another attempt. It knows this process only; what another consumer tried before a rebalance is not counted.
 */
export class DeliveryAttempts {
  readonly #latest = new Map<string, Delivery>()

  /**
   * The number of the attempt that this delivery is, from 1.
   *
   * @param source - whose positions these are: a topic and partition
   * @param first - the position of the message, or of the first one of a batch
   * @param last - the position of the last one of a batch
   */
  next(source: string, first: number, last: number = first): number {
    const latest = this.#latest.get(source)
    const again = latest !== undefined && first >= latest.first && first <= latest.last
    const attempt = again ? latest.attempt + 1 : 1
    if (!latest && this.#latest.size >= MAX_SOURCES) this.#latest.clear()
    this.#latest.set(source, { first, last, attempt })
    return attempt
  }
}
