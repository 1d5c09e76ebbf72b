import { context, trace, type Tracer } from '@opentelemetry/api'
import { TracingError, guard, startOperation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { runCall } from './call.ts'
import { failOperation } from './failure.ts'
import { isTracedFunction, likeOriginal, type Method } from './function-likeness.ts'
import { isUntraced } from './no-trace.decorator.ts'
import { SCOPE } from './scope.ts'
import { spanTemplate, type SpanTemplate } from './span-template.ts'

/** Nest calls these, once, outside of any request. */
const LIFECYCLE = new Set<PropertyKey>([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
])

/**
 * Traces a method of any class: an INTERNAL span named `Class.method` (or `name`), until what the method returns is done:
 * a value, a promise or an Observable. On a class, it traces all methods that the class itself declares, except Nest's
 * lifecycle hooks; a name then stands for the class. Handlers of controllers have their span without it.
 *
 * Needs no module; spans are made by the global provider. Metadata, name, arity and `this` of the method are kept.
 *
 * @example
 * ```ts
 * @Traced()
 * async quote(order: Order): Promise<Price> {}
 * ```
 * @throws TracingError (`ERR_TRACED_TARGET`) where it stands on something that is not a method or a class
 */
export function Traced(name?: string): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key === undefined) return traceClass(target as { prototype: object }, name)
    if (typeof descriptor?.value !== 'function') {
      const text = `Traced: "${String(key)}" is not a method`
      throw new TracingError('ERR_TRACED_TARGET', text)
    }
    descriptor.value = tracedMethod(descriptor.value, key, name, undefined)
  }
}

function traceClass({ prototype }: { prototype: object }, className: string | undefined): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor' || LIFECYCLE.has(key)) continue
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)!
    if (typeof descriptor.value !== 'function' || !descriptor.configurable) continue
    const value = tracedMethod(descriptor.value, key, undefined, className)
    Object.defineProperty(prototype, key, { ...descriptor, value })
  }
}

function tracedMethod(
  original: Method,
  key: string | symbol,
  name: string | undefined,
  className: string | undefined,
): Method {
  if (isTracedFunction(original) || isUntraced(undefined, original)) return original
  const method = typeof key === 'symbol' ? (key.description ?? 'symbol') : key
  const templates = new WeakMap<object, SpanTemplate>()
  const templateFor = (type: { name: string }): SpanTemplate => {
    let template = templates.get(type)
    if (!template) {
      template = spanTemplate('custom', className ?? type.name, method, name)
      templates.set(type, template)
    }
    return template
  }
  const wrapper: Method = function (...args) {
    const active = context.active()
    if (isTracingSuppressed(active)) return original.apply(this, args)
    const { name: spanName, options } = templateFor(classOf(this))
    const begin = () => startOperation(tracer(), spanName, options, context.active())
    return runCall(begin(), () => original.apply(this, args), {
      onError: failOperation,
      restart: begin,
    })
  }
  return likeOriginal(wrapper, original)
}

/** The class of the instance that a method is called on, which may be a subclass of the one that declares it. */
function classOf(self: unknown): { name: string } {
  if (typeof self === 'function') return self
  const type = guard('Naming a traced method', constructorOf, self)
  return typeof type === 'function' ? type : NO_CLASS
}

const NO_CLASS = { name: '' }

function constructorOf(self: unknown): unknown {
  return (self as { constructor?: unknown } | null | undefined)?.constructor
}

// Asked for at each call: an SDK may be registered later, or replaced between tests.
function tracer(): Tracer {
  return trace.getTracer(SCOPE.name, SCOPE.version)
}
