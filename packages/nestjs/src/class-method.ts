import type { Method } from './function-likeness.ts'

/** A method by its descriptor, so that no accessor runs. */
export function methodOf(prototype: object, key: PropertyKey): Method | undefined {
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key)
    if (descriptor) return typeof descriptor.value === 'function' ? descriptor.value : undefined
  }
  return undefined
}

/** All methods of a class and of those that it extends, by key. Accessors and constructors are none. */
export function methodsOf(prototype: object): Map<PropertyKey, Method> {
  const methods = new Map<PropertyKey, Method>()
  for (let at = prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (key === 'constructor' || methods.has(key)) continue
      const method = methodOf(at, key)
      if (method) methods.set(key, method)
    }
  }
  return methods
}

// What `mixin()` of Nest calls a class: an id, another one at each start.
const MIXIN_NAME = /^[0-9a-f]{21}$/

/** The name of a class, or of the first above it that has one worth telling. */
export function classNameOf(type: object): string | undefined {
  for (let at: object | null = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const { name } = at as { name?: unknown }
    if (typeof name === 'string' && name !== '' && !MIXIN_NAME.test(name)) return name
  }
  return undefined
}
