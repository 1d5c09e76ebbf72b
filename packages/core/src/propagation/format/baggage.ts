import {
  propagation,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { formatBaggage, parseBaggage } from '../baggage-list.ts'
import { contextWithBaggage } from '../layered-context.ts'
import { isTracingSuppressed } from '../suppress.ts'

const BAGGAGE = 'baggage'

/** W3C baggage. */
export class W3CBaggagePropagator implements TextMapPropagator {
  readonly #isAllowed: ((key: string) => boolean) | undefined

  constructor(isAllowed?: (key: string) => boolean) {
    this.#isAllowed = isAllowed
  }

  fields(): string[] {
    return [BAGGAGE]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = propagation.getBaggage(context)
    if (!baggage || isTracingSuppressed(context)) return
    const header = formatBaggage(baggage, this.#isAllowed)
    if (header !== '') setter.set(carrier, BAGGAGE, header)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, BAGGAGE)
    const baggage = typeof header === 'string' ? parseBaggage(header) : undefined
    return baggage ? contextWithBaggage(context, baggage) : context
  }
}
