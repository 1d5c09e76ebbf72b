import 'reflect-metadata'

/** Any method, as a wrapper sees it. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

const kTraced: unique symbol = Symbol.for('@throughline/nestjs/traced') as never
const OWN_OF_EACH = new Set<PropertyKey>(['prototype', 'arguments', 'caller'])

/** Gives a wrapper the name, the arity, the properties and the metadata of what it wraps, and marks it as ours. */
export function likeOriginal(wrapper: Method, original: Method): Method {
  for (const key of Reflect.ownKeys(original)) {
    if (OWN_OF_EACH.has(key)) continue
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key)!)
  }
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), wrapper)
  }
  Object.defineProperty(wrapper, kTraced, { value: true })
  return wrapper
}

/** Whether a function is a wrapper of ours, made by any copy of this package. */
export function isTracedFunction(fn: object): boolean {
  return (fn as { [kTraced]?: boolean })[kTraced] === true
}
