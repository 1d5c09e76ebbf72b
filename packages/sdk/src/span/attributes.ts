import { diag, type AttributeValue, type Attributes } from '@opentelemetry/api'
import { AddAttributeDecision, cleanAttributes, maybeAddAttribute } from '@opentelemetry/core'

type Clean = typeof cleanAttributes

/** How many attributes are kept, and how much of each; infinity where there is no limit. */
export interface AttributeLimits {
  readonly attributeCountLimit: number
  readonly attributeValueLengthLimit: number
}

/** For what a sampler is given. */
export const NO_LIMITS: AttributeLimits = {
  attributeCountLimit: Infinity,
  attributeValueLengthLimit: Infinity,
}

/**
 * The attributes of a span, an event or a link by the rules of the SDK, within its limits. Texts, numbers and truth values
 * are checked here: they are nearly all there is, and the SDK's own way takes many times as long. All else is left to that.
 */
export class CleanAttributes {
  readonly values: Attributes
  dropped: number
  /** Each that is set counts as a new one, which saves a look at those that there are, until that matters. */
  #atMost: number

  private constructor(values: Attributes, count: number, dropped: number) {
    this.values = values
    this.dropped = dropped
    this.#atMost = count
  }

  /**
   * A copy of what a caller gave, valid or not.
   *
   * @param clean - the SDK's own way
   */
  static copyOf(
    given: unknown,
    limits: AttributeLimits,
    clean: Clean = cleanAttributes,
  ): CleanAttributes {
    // A spread shares the hidden class of what it copies, which nothing else does.
    return CleanAttributes.of(isMap(given) ? { ...given } : {}, limits, clean)
  }

  private static of(values: Attributes, limits: AttributeLimits, clean: Clean): CleanAttributes {
    const count = countPlain(values, limits)
    if (count !== undefined) return new CleanAttributes(values, count, 0)
    const { attributes = {}, droppedAttributesCount = 0 } = clean(values, limits)
    const { length } = Object.keys(attributes)
    return new CleanAttributes(attributes, length, droppedAttributesCount)
  }

  /** The same with what a sampler adds, within these limits. */
  with(added: Attributes | undefined, limits: AttributeLimits): CleanAttributes {
    if (added) Object.assign(this.values, added)
    const merged = CleanAttributes.of(this.values, limits, cleanAttributes)
    merged.dropped += this.dropped
    return merged
  }

  set(key: string, value: AttributeValue, limits: AttributeLimits): void {
    if (!key || !isPlain(value, limits.attributeValueLengthLimit)) {
      this.setUnusual(key, value, limits)
    } else if (this.#atMost < limits.attributeCountLimit || this.hasRoomFor(key, limits)) {
      this.#atMost++
      this.values[key] = value
    } else this.drop()
  }

  private setUnusual(key: string, value: AttributeValue, limits: AttributeLimits): void {
    const decision = maybeAddAttribute({
      key: key || '',
      value,
      attributes: this.values,
      limits,
      currentAttributesCount: Object.keys(this.values).length,
    })
    if (decision === AddAttributeDecision.ADD_NEW) this.#atMost++
    if (decision === AddAttributeDecision.DROP_LIMIT_REACHED) this.drop()
  }

  private hasRoomFor(key: string, limits: AttributeLimits): boolean {
    if (Object.hasOwn(this.values, key)) return true
    this.#atMost = Object.keys(this.values).length
    return this.#atMost < limits.attributeCountLimit
  }

  private drop(): void {
    this.dropped++
    if (this.dropped === 1) diag.warn('Dropping extra attributes.')
  }
}

/** Whether it is a map of attributes at all: callers in plain JavaScript give anything. */
export function isMap(given: unknown): given is Attributes {
  return typeof given === 'object' && given !== null
}

/** Whether a value is valid as it stands. */
function isPlain(value: unknown, lengthLimit: number): boolean {
  if (typeof value === 'string') return value.length <= lengthLimit
  return typeof value === 'number' || typeof value === 'boolean'
}

/** How many there are, where each is valid as it stands and they are within the limits. */
function countPlain(attributes: Attributes, limits: AttributeLimits): number | undefined {
  const lengthLimit = limits.attributeValueLengthLimit
  let count = 0
  for (const key in attributes) {
    if (key === '' || !isPlain(attributes[key], lengthLimit)) return undefined
    count++
  }
  return count > limits.attributeCountLimit ? undefined : count
}
