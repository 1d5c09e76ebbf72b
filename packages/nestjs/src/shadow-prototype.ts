/** Methods to put before those of a prototype, by key. */
export type Overrides = Readonly<Record<string, unknown>>

/**
 * Puts methods before those of an instance's class by a prototype between the two, made once a class. The instance
 * itself stays: unlike behind a proxy, its `#private` fields and internal slots (`Map`, `Date`) work, and its class is
 * not changed for anybody else.
 */
export class ShadowPrototypes {
  readonly #describe: (prototype: object) => Overrides | undefined
  // `null`: nothing to override, or already a shadow.
  readonly #shadows = new WeakMap<object, object | null>()

  constructor(describe: (prototype: object) => Overrides | undefined) {
    this.#describe = describe
  }

  /** Returns the same instance. Whatever cannot be inspected (a proxy whose traps throw) is left as it is. */
  apply(instance: unknown): unknown {
    if (typeof instance !== 'object' || instance === null) return instance
    try {
      const prototype: object | null = Object.getPrototypeOf(instance)
      if (prototype === null || prototype === Object.prototype) return instance
      const shadow = this.#shadowOf(prototype)
      if (shadow) Reflect.setPrototypeOf(instance, shadow)
    } catch {
      // Tracing is not worth an application that does not start.
    }
    return instance
  }

  #shadowOf(prototype: object): object | null {
    const known = this.#shadows.get(prototype)
    if (known !== undefined) return known
    this.#shadows.set(prototype, null) // for a description that comes to this class again
    const overrides = this.#describe(prototype)
    const shadow = overrides ? Object.create(prototype, descriptors(overrides)) : null
    if (shadow) this.#shadows.set(prototype, shadow).set(shadow, null)
    return shadow
  }
}

function descriptors(overrides: Overrides): PropertyDescriptorMap {
  const map: PropertyDescriptorMap = {}
  for (const [key, value] of Object.entries(overrides)) {
    map[key] = { value, writable: true, configurable: true, enumerable: false }
  }
  return map
}
