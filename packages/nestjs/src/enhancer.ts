import { context, trace, type Context, type Tracer } from '@opentelemetry/api'
import type { CallHandler } from '@nestjs/common'
import { runToEnd, startOperation, type Operation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { runCall } from './call.ts'
import { failRequest } from './failure.ts'
import { isTracedFunction, likeOriginal, type Method } from './function-likeness.ts'
import { WatchedCallHandler, isCallHandler } from './call-handler.ts'
import { isUntraced } from './no-trace.decorator.ts'
import type { Overrides } from './shadow-prototype.ts'
import { spanTemplate, type NestType } from './span-template.ts'

interface EnhancerKind {
  readonly type: NestType
  /** Whether Nest calls it, and not the application: a service may have a method of that name too. */
  readonly isNestCall: (args: readonly unknown[]) => boolean
  /** The arguments to go on with, where the span is of the call alone and not of the Observable that it returns. */
  readonly watch?: (args: readonly unknown[], operation: Operation, outer: Context) => unknown[]
}

const KINDS: Readonly<Record<string, EnhancerKind>> = {
  canActivate: { type: 'guard', isNestCall: ([execution]) => isExecution(execution) },
  transform: { type: 'pipe', isNestCall: ([, metadata]) => isArgumentMetadata(metadata) },
  intercept: {
    type: 'interceptor',
    isNestCall: ([execution, next]) => isExecution(execution) && isCallHandler(next),
    watch: ([execution, next, ...rest], operation, outer) => [
      execution,
      new WatchedCallHandler(next as CallHandler, operation, outer),
      ...rest,
    ],
  },
}

const WATCHED = { onError: failRequest }

/** The traced methods of a class that is a guard, a pipe or an interceptor; `undefined` for all others. */
export function enhancerMethods(prototype: object, tracer: Tracer): Overrides | undefined {
  const type = methodOf(prototype, 'constructor')
  if (!type) return undefined
  const methods: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(KINDS)) {
    const original = methodOf(prototype, key)
    if (!original || isTracedFunction(original) || isUntraced(type, original)) continue
    methods[key] = tracedEnhancer(original, key, type.name, kind, tracer)
  }
  return Object.keys(methods).length > 0 ? methods : undefined
}

function tracedEnhancer(
  original: Method,
  key: string,
  className: string,
  { type, isNestCall, watch }: EnhancerKind,
  tracer: Tracer,
): Method {
  const { name, options } = spanTemplate(type, className, key)
  const wrapper: Method = function (...args) {
    const outer = context.active()
    const traced = trace.getSpan(outer) && !isTracingSuppressed(outer) && isNestCall(args)
    if (!traced) return original.apply(this, args)
    const begin = () => startOperation(tracer, name, options, context.active())
    const operation = begin()
    if (!watch) {
      const call = () => original.apply(this, args)
      return runCall(operation, call, { onError: failRequest, restart: begin })
    }
    const passed = watch(args, operation, outer)
    return runToEnd(operation, () => original.apply(this, passed), WATCHED)
  }
  return likeOriginal(wrapper, original)
}

/** A method by its descriptor, so that no accessor runs. */
function methodOf(prototype: object, key: string): Method | undefined {
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key)
    if (descriptor) return typeof descriptor.value === 'function' ? descriptor.value : undefined
  }
  return undefined
}

function isExecution(value: unknown): boolean {
  return typeof (value as { getHandler?: unknown } | null | undefined)?.getHandler === 'function'
}

function isArgumentMetadata(value: unknown): boolean {
  return typeof (value as { type?: unknown } | null | undefined)?.type === 'string'
}
