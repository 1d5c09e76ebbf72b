import { warnOnce } from '@throughline/core/integration'

// Registered, so that the ESM and the CommonJS copy of this package know each other's work.
const kTraced = Symbol.for('@throughline/kafkajs.traced')

/** Any method: arguments and result are passed on as they are. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

interface Marked extends Method {
  readonly [kTraced]?: boolean
  /** Set by `@opentelemetry/instrumentation` on what it patched. */
  readonly __wrapped?: boolean
}

/**
 * Replaces methods of a client in place, by own properties of the same name, length and visibility. Does nothing where
 * that was done before, and steps aside where instrumentation-kafkajs was first: two of us would make every span twice.
 */
export function replaceMethods(
  client: object,
  replacements: Readonly<Record<string, (original: Method) => Method>>,
): void {
  const target = client as Record<string, Marked | undefined>
  const names = Object.keys(replacements).filter((name) => typeof target[name] === 'function')
  if (names.some((name) => target[name]?.[kTraced])) return
  if (names.some((name) => target[name]?.__wrapped)) {
    warnOnce(
      'kafkajs is traced by an instrumentation already, so @throughline/kafkajs steps aside; remove one of the two',
    )
    return
  }
  for (const name of names) replaceMethod(target, name, replacements[name]!)
}

function replaceMethod(
  target: Record<string, Marked | undefined>,
  name: string,
  replace: (original: Method) => Method,
): void {
  const original = target[name]!
  const traced = Object.defineProperties(replace(original), {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
    [kTraced]: { value: true },
  })
  const isReplaced = Reflect.defineProperty(target, name, {
    value: traced,
    configurable: true,
    writable: true,
    enumerable: Object.getOwnPropertyDescriptor(target, name)?.enumerable ?? false,
  })
  if (!isReplaced) warnOnce(`kafkajs: "${name}" cannot be replaced, so it is not traced`)
}
