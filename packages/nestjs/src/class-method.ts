import type { Method } from './function-likeness.ts'

/** A method by its descriptor, so that no accessor runs. */
export function methodOf(prototype: object, key: PropertyKey): Method | undefined {
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key)
    if (descriptor) return typeof descriptor.value === 'function' ? descriptor.value : undefined
  }
  return undefined
}
