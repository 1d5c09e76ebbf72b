/**
 * A shallow copy of what a caller passed to kafkajs. An instance of a class may have accessors for its fields: those are
 * read from the instance itself, as kafkajs would.
 */
export function shallowCopy<T extends object>(source: T): T {
  const copy = { ...source }
  const prototype = Object.getPrototypeOf(source) as object | null
  return prototype === Object.prototype ? copy : withInherited(source, copy, prototype)
}

function withInherited<T extends object>(source: T, copy: T, from: object | null): T {
  let prototype = from
  while (prototype !== null && prototype !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name in copy) continue
      ;(copy as Record<string, unknown>)[name] = (source as Record<string, unknown>)[name]
    }
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return copy
}
