import type { Attributes } from '@opentelemetry/api'

/** More series than this are a fault of whoever chose their attributes; the memory for them stays bounded. */
const MAX_SERIES = 1000

/**
 * Attributes of metrics, made once for each series: one object a route or a topic, not one a request or a message.
 */
export class SeriesCache {
  readonly #series = new Map<string, Attributes>()

  get(key: string): Attributes | undefined {
    return this.#series.get(key)
  }

  set(key: string, attributes: Attributes): Attributes {
    if (this.#series.size >= MAX_SERIES) this.#series.clear()
    this.#series.set(key, attributes)
    return attributes
  }
}
