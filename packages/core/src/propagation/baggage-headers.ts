import {
  propagation,
  type BaggageEntry,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api'
import { warnOnce } from '../guard.ts'
import { MAX_BYTES, MAX_MEMBERS } from './baggage-list.ts'
import { contextWithBaggage } from './layered-context.ts'
import { decodePercent, encodeKey, encodeValue } from './percent-coding.ts'
import { isTracingSuppressed } from './suppress.ts'

/** Baggage in a header for each entry, `{prefix}{key}`, as Jaeger and ottrace send it. The same limits as W3C's. */
export class BaggageHeaders {
  readonly #prefix: string
  readonly #isAllowed: ((key: string) => boolean) | undefined

  constructor(prefix: string, isAllowed?: (key: string) => boolean) {
    this.#prefix = prefix
    this.#isAllowed = isAllowed
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = propagation.getBaggage(context)
    if (!baggage || isTracingSuppressed(context)) return
    let bytes = 0
    let count = 0
    for (const [key, { value }] of baggage.getAllEntries()) {
      if (this.#isAllowed && !this.#isAllowed(key)) continue
      // A key that would have to be encoded is no name of a header.
      if (key === '' || key.length + value.length > MAX_BYTES || encodeKey(key) !== key) continue
      const encoded = encodeValue(value)
      bytes += key.length + encoded.length
      if (++count > MAX_MEMBERS || bytes > MAX_BYTES) return sayTruncated('sent')
      setter.set(carrier, this.#prefix + key, encoded)
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const entries = Object.create(null) as Record<string, BaggageEntry>
    let bytes = 0
    let count = 0
    for (const name of getter.keys(carrier)) {
      if (!name.startsWith(this.#prefix) || name.length === this.#prefix.length) continue
      const value = getter.get(carrier, name)
      bytes += name.length - this.#prefix.length + (value?.length ?? 0)
      if (++count > MAX_MEMBERS || bytes > MAX_BYTES) {
        sayTruncated('read')
        break
      }
      if (typeof value !== 'string') continue
      entries[name.slice(this.#prefix.length)] = { value: decodePercent(value) }
    }
    const found = Object.entries(entries)
    if (found.length === 0) return context
    let baggage = propagation.getBaggage(context) ?? propagation.createBaggage()
    for (const [key, entry] of found) baggage = baggage.setEntry(key, entry)
    return contextWithBaggage(context, baggage)
  }
}

function sayTruncated(what: 'read' | 'sent'): void {
  warnOnce(`Baggage beyond ${MAX_MEMBERS} members or ${MAX_BYTES} bytes was not ${what}`)
}
