import { createNoopMeter, metrics, type Meter, type MeterProvider } from '@opentelemetry/api'
import { report } from './guard.ts'
import type { Scope } from './options.ts'

/**
 * Where instruments come from. The global provider is looked up at each use, since the api has no proxy for it: one that
 * is registered later still counts, and as long as there is none, nothing is created.
 */
export class MeterSource {
  readonly #scope: Scope
  readonly #chosen: MeterProvider | undefined
  readonly #made = new Map<unknown, unknown>()
  #provider: MeterProvider | undefined
  #meter: Meter | undefined

  constructor(scope: Scope, provider?: MeterProvider) {
    this.#scope = scope
    this.#chosen = provider
  }

  /** What `create` makes of the meter, made once for each provider; `undefined` while there is none. Never throws. */
  get<T extends object>(create: (meter: Meter) => T): T | undefined {
    try {
      const provider = this.#chosen ?? metrics.getMeterProvider()
      if (provider !== this.#provider) this.#use(provider)
      if (!this.#meter) return undefined
      let made = this.#made.get(create) as T | undefined
      if (!made) this.#made.set(create, (made = create(this.#meter)))
      return made
    } catch (fault) {
      report('Creating instruments', fault)
      return undefined
    }
  }

  #use(provider: MeterProvider): void {
    this.#provider = provider
    this.#made.clear()
    this.#meter = undefined
    const meter = provider.getMeter(this.#scope.name, this.#scope.version)
    if (meter !== NOOP_METER) this.#meter = meter
  }
}

const NOOP_METER = createNoopMeter()

/** For durations in seconds, as the HTTP and messaging conventions advise. */
export const DURATION_BUCKETS: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
