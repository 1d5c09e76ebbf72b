import { guard, warnOnce } from '@throughline/core/integration'

// Registered, so that the ESM and the CommonJS copy of this package know each other's work.
const kTraced = Symbol.for('@throughline/kafkajs.traced')

/** Any method: arguments and result are passed on as they are. */
export type Method = (this: unknown, ...args: unknown[]) => unknown

/** What it takes to undo a replacement. */
interface Replaced {
  /** The property as it was; `undefined` where it was inherited. */
  readonly descriptor: PropertyDescriptor | undefined
  /** Ends what was set up beside it. */
  readonly dispose?: () => void
}

interface Marked extends Method {
  readonly [kTraced]?: Replaced
  /** Set by `@opentelemetry/instrumentation` on what it patched. */
  readonly __wrapped?: boolean
}

type Target = Record<string, Marked | undefined>

/**
 * Replaces methods of a client in place, by own properties of the same name, length and visibility. Does nothing where
 * that was done before, and steps aside where instrumentation-kafkajs was first: two of us would make every span twice.
 *
 * @param setUp - done once if anything was replaced; answers how to undo it
 */
export function replaceMethods(
  client: object,
  replacements: Readonly<Record<string, (original: Method) => Method>>,
  setUp?: () => () => void,
): void {
  const target = client as Target
  const names = Object.keys(replacements).filter((name) => typeof target[name] === 'function')
  if (names.some((name) => target[name]?.[kTraced])) return
  if (names.some((name) => target[name]?.__wrapped)) {
    warnOnce(
      'kafkajs is traced by an instrumentation already, so @throughline/kafkajs steps aside; remove one of the two',
    )
    return
  }
  const dispose = setUp && guard('Watching a client', setUp)
  for (const name of names) replaceMethod(target, name, replacements[name]!, dispose)
}

/** Puts back the methods that were replaced, unless somebody replaced them once more. */
export function restoreMethods(client: object): void {
  const target = client as Target
  for (const name of Object.getOwnPropertyNames(target)) {
    const replaced = target[name]?.[kTraced]
    if (!replaced) continue
    replaced.dispose?.()
    if (replaced.descriptor) Reflect.defineProperty(target, name, replaced.descriptor)
    else Reflect.deleteProperty(target, name)
  }
}

function replaceMethod(
  target: Target,
  name: string,
  replace: (original: Method) => Method,
  dispose: (() => void) | undefined,
): void {
  const original = target[name]!
  const descriptor = Object.getOwnPropertyDescriptor(target, name)
  const replaced: Replaced = { descriptor, ...(dispose && { dispose }) }
  const traced = Object.defineProperties(replace(original), {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
    [kTraced]: { value: replaced },
  })
  const isReplaced = Reflect.defineProperty(target, name, {
    value: traced,
    configurable: true,
    writable: true,
    // An own property that cannot be seen keeps the look of a method that was inherited.
    enumerable: descriptor?.enumerable ?? false,
  })
  if (!isReplaced) warnOnce(`kafkajs: "${name}" cannot be replaced, so it is not traced`)
}
