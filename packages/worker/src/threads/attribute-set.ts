import type { AttributeValue, Attributes } from '@opentelemetry/api'

/** The limit of the specification for attributes, for events and for links. */
export const MAX_COUNT = 128

/** Attributes within the limits: what is no attribute value is left out, lists are copied. */
export class AttributeSet {
  readonly values: Record<string, AttributeValue> = {}
  #count = 0

  set(key: string, value: unknown): void {
    if (!key || !isAttributeValue(value)) return
    if (!Object.hasOwn(this.values, key)) {
      if (this.#count >= MAX_COUNT) return
      this.#count++
    }
    this.values[key] = Array.isArray(value) ? [...value] : value
  }

  setAll(attributes: Attributes | undefined): this {
    if (typeof attributes !== 'object' || attributes === null) return this
    for (const key of Object.keys(attributes)) this.set(key, attributes[key])
    return this
  }
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return isPrimitive(value)
  const first = value.find((item) => item !== null && item !== undefined)
  return value.every(
    (item) =>
      item === null || item === undefined || (isPrimitive(item) && typeof item === typeof first),
  )
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
