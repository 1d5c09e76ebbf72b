import { context, trace, type Attributes, type SpanKind, type Tracer } from '@opentelemetry/api'
import {
  TracingError,
  checkOption,
  guard,
  startOperation,
  type Operation,
} from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { runCall } from './call.ts'
import { failOperation } from './failure.ts'
import { isTracedFunction, likeOriginal, type Method } from './function-likeness.ts'
import { isUntraced } from './no-trace.decorator.ts'
import { SCOPE } from './scope.ts'
import { spanTemplate, type SpanTemplate } from './span-template.ts'

/** What can be said of a traced method beside its name. */
export interface TracedOptions {
  /** @defaultValue `SpanKind.INTERNAL` */
  readonly kind?: SpanKind
  /**
   * Extra attributes, asked for when the method is done: its arguments and its result. That is `undefined` for one that
   * failed, and not there yet for an Observable or a generator, for which it is not asked. Neither is recorded otherwise.
   */
  readonly attributes?: (args: readonly unknown[], result: unknown) => Attributes | undefined
}

interface TracedNaming extends TracedOptions {
  readonly name?: string | undefined
  readonly className?: string | undefined
}

interface Class {
  readonly prototype: object
}

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
 * a value, a promise, an Observable or a generator. On a class, it traces all methods that the class itself declares, except Nest's
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
export function Traced(
  name?: string,
  options: TracedOptions = {},
): ClassDecorator & MethodDecorator {
  checkOption('Traced', 'attributes', options.attributes, 'function')
  checkOption('Traced', 'kind', options.kind, 'number')
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key === undefined) return traceClass(target as Class, name, options)
    if (typeof descriptor?.value !== 'function') {
      const text = `Traced: "${String(key)}" is not a method`
      throw new TracingError('ERR_TRACED_TARGET', text)
    }
    descriptor.value = tracedMethod(descriptor.value, key, { ...options, name })
  }
}

function traceClass(
  { prototype }: Class,
  className: string | undefined,
  options: TracedOptions,
): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor' || LIFECYCLE.has(key)) continue
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)!
    if (typeof descriptor.value !== 'function' || !descriptor.configurable) continue
    const value = tracedMethod(descriptor.value, key, { ...options, className })
    Object.defineProperty(prototype, key, { ...descriptor, value })
  }
}

function tracedMethod(original: Method, key: string | symbol, naming: TracedNaming): Method {
  if (isTracedFunction(original) || isUntraced(undefined, original)) return original
  const templates = templatesOf(key, naming)
  const { attributes } = naming
  const wrapper: Method = function (...args) {
    const active = context.active()
    if (isTracingSuppressed(active)) return original.apply(this, args)
    const { name, options } = templates(classOf(this))
    const begin = () => startOperation(tracer(), name, options, context.active())
    const call = (): unknown => original.apply(this, args)
    if (!attributes) return runCall(begin(), call, { onError: failOperation, restart: begin })
    const describe = (result: unknown, operation: Operation): void =>
      operation.set(guard('The hook "attributes"', attributes, args, result))
    return runCall(begin(), call, {
      onResult: describe,
      onError(error, operation) {
        describe(undefined, operation)
        failOperation(error, operation)
      },
      restart: begin,
    })
  }
  return likeOriginal(wrapper, original)
}

/** The template of a method in each class that has it, its own and those that extend it. */
function templatesOf(
  key: string | symbol,
  { name, className, kind }: TracedNaming,
): (type: { name: string }) => SpanTemplate {
  const method = typeof key === 'symbol' ? (key.description ?? 'symbol') : key
  const templates = new WeakMap<object, SpanTemplate>()
  return (type) => {
    let template = templates.get(type)
    if (!template) {
      template = spanTemplate('custom', className ?? type.name, method, name)
      if (kind !== undefined) template = { ...template, options: { ...template.options, kind } }
      templates.set(type, template)
    }
    return template
  }
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
