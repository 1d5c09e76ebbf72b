import { context, trace, type Context, type Tracer } from '@opentelemetry/api'
import type { CallHandler } from '@nestjs/common'
import { runToEnd, startOperation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { isObservable } from 'rxjs'
import { runCall } from './call.ts'
import { AfterHandler, WatchedCallHandler, isCallHandler } from './call-handler.ts'
import { classNameOf, methodOf } from './class-method.ts'
import { failRequest, notingFailure } from './failure.ts'
import type { HandlerSwitch } from './handler.interceptor.ts'
import { isSampledOut, runUnrecorded } from './sampled-out.ts'
import { isTracedFunction, likeOriginal, type Method } from './function-likeness.ts'
import type { InstrumentLayer } from './layers.ts'
import { runMiddleware } from './middleware.ts'
import { isUntraced } from './no-trace.decorator.ts'
import type { Overrides } from './shadow-prototype.ts'
import { spanTemplate, type NestType, type SpanTemplate } from './span-template.ts'

/** What an instrument was told to trace. */
export interface InstrumentSetup extends HandlerSwitch {
  readonly tracer: Tracer
  readonly traces: (layer: InstrumentLayer) => boolean
  readonly traceProcessor?: TraceProcessor | undefined
}

/** What `traceProcessor` of `@throughline/worker/bullmq` is. */
export type TraceProcessor = (
  processor: (...args: any[]) => Promise<any>,
) => (...args: any[]) => Promise<any>

/** A call of an enhancer that is to be traced. */
interface EnhancerCall {
  readonly original: Method
  readonly self: unknown
  readonly args: unknown[]
  readonly outer: Context
  readonly template: SpanTemplate
  readonly setup: InstrumentSetup
}

interface EnhancerKind {
  readonly type: NestType
  readonly layer: InstrumentLayer
  /** Whether Nest calls it, and not the application: a service may have a method of that name too. */
  readonly isNestCall: (args: readonly unknown[]) => boolean
  readonly run: (call: EnhancerCall) => unknown
}

const KINDS: Readonly<Record<string, EnhancerKind>> = {
  canActivate: {
    type: 'guard',
    layer: 'guards',
    isNestCall: ([execution]) => isHost(execution),
    run: runToItsEnd,
  },
  transform: {
    type: 'pipe',
    layer: 'pipes',
    isNestCall: ([, metadata]) => isArgumentMetadata(metadata),
    run: runToItsEnd,
  },
  intercept: {
    type: 'interceptor',
    layer: 'interceptors',
    isNestCall: ([execution, next]) => isHost(execution) && isCallHandler(next),
    run: runInterceptor,
  },
  catch: {
    type: 'exception_filter',
    layer: 'filters',
    isNestCall: ([, host]) => isHost(host),
    run: runFilter,
  },
  use: {
    type: 'middleware',
    layer: 'middleware',
    isNestCall: ([, , next]) => typeof next === 'function',
    run: ({ original, self, args, outer, template, setup }) =>
      runMiddleware(begin(setup, template), outer, args, (passed) => original.apply(self, passed)),
  },
}

/** The traced methods of a class that stands between requests and handlers; `undefined` for all others. */
export function enhancerMethods(prototype: object, setup: InstrumentSetup): Overrides | undefined {
  const type = methodOf(prototype, 'constructor')
  if (!type) return undefined
  const methods: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(KINDS)) {
    const original = setup.traces(kind.layer) && methodOf(prototype, key)
    if (!original || isTracedFunction(original) || isUntraced(type, original)) continue
    methods[key] = tracedEnhancer(original, key, classNameOf(type), kind, setup)
  }
  return Object.keys(methods).length > 0 ? methods : undefined
}

function tracedEnhancer(
  original: Method,
  key: string,
  className: string | undefined,
  { type, isNestCall, run }: EnhancerKind,
  setup: InstrumentSetup,
): Method {
  const template = spanTemplate(type, className, key)
  const wrapper: Method = function (...args) {
    const outer = context.active()
    const span = trace.getSpan(outer)
    if (!span || isTracingSuppressed(outer) || !isNestCall(args)) return original.apply(this, args)
    if (isSampledOut(span)) return runUnrecorded(outer, () => original.apply(this, args))
    return run({ original, self: this, args, outer, template, setup })
  }
  return likeOriginal(wrapper, original)
}

/** The span is of all that is returned, Observables too. */
function runToItsEnd({ original, self, args, template, setup }: EnhancerCall): unknown {
  const restart = () => begin(setup, template)
  const call = () => original.apply(self, args)
  return runCall(restart(), call, { onError: failRequest, restart })
}

function runInterceptor({ original, self, args, outer, template, setup }: EnhancerCall): unknown {
  const [execution, next, ...rest] = args as [unknown, CallHandler, ...unknown[]]
  const operation = begin(setup, template)
  const after = setup.traces('interceptorsAfter')
    ? new AfterHandler(setup.tracer, `${template.name} after`, template.options, outer)
    : undefined
  const watched = new WatchedCallHandler(next, operation, outer)
  const passed = [execution, after ? after.around(watched) : watched, ...rest]
  const result = runToEnd(operation, () => original.apply(self, passed), WATCHED)
  if (!(result instanceof Promise)) return follow(result, watched, outer, after)
  return result.then((value: unknown) => follow(value, watched, outer, after))
}

/** What the operators of an interceptor make of the answer may fail too, and nobody else sees that. */
function follow(
  result: unknown,
  { answer }: WatchedCallHandler,
  outer: Context,
  after: AfterHandler | undefined,
): unknown {
  if (result === answer || !isObservable(result)) return result
  const noting = notingFailure(result, outer)
  return after ? after.until(noting) : noting
}

/** A filter of microservices answers by an Observable that fails: that is its result, not its failure. */
function runFilter({ original, self, args, template, setup }: EnhancerCall): unknown {
  return runToEnd(begin(setup, template), () => original.apply(self, args), WATCHED)
}

const WATCHED = { onError: failRequest }

function begin({ tracer }: InstrumentSetup, { name, options }: SpanTemplate) {
  return startOperation(tracer, name, options, context.active())
}

function isHost(value: unknown): boolean {
  return (
    typeof (value as { switchToHttp?: unknown } | null | undefined)?.switchToHttp === 'function'
  )
}

function isArgumentMetadata(value: unknown): boolean {
  return typeof (value as { type?: unknown } | null | undefined)?.type === 'string'
}
