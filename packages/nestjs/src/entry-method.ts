import 'reflect-metadata'
import { ROOT_CONTEXT, context, trace, type Context } from '@opentelemetry/api'
import { ATTR, contextWithoutSpan, startOperation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { runCall } from './call.ts'
import { classNameOf, methodOf, methodsOf } from './class-method.ts'
import { giveOwnSpan } from './current-span.decorator.ts'
import type { InstrumentSetup } from './enhancer.ts'
import { failOperation, failRequest } from './failure.ts'
import { isTracedFunction, likeOriginal, type Method } from './function-likeness.ts'
import type { InstrumentLayer } from './layers.ts'
import { isUntraced } from './no-trace.decorator.ts'
import { isSampledOut, runUnrecorded } from './sampled-out.ts'
import type { Overrides } from './shadow-prototype.ts'
import {
  gatewayTemplate,
  handlerTemplate,
  spanTemplate,
  type SpanTemplate,
} from './span-template.ts'

/** What calls a method from outside, and how its span relates to that. */
interface EntryKind {
  readonly layer: InstrumentLayer
  readonly template: (type: string | undefined, method: string, original: Method) => SpanTemplate
  /** Where the span starts from; `undefined` where there is nothing to trace. */
  readonly origin: (active: Context, self: object) => Context | undefined
  readonly onError: typeof failOperation
  /** Whether it is what a request or a message is routed to, which `TracingModule` may leave out. */
  readonly isHandler?: boolean
}

const JOIN = (active: Context): Context => active

const SCHEDULE: EntryKind = {
  layer: 'schedules',
  template(type, method, original) {
    const { name, options } = spanTemplate('schedule', type, method)
    const jobName: unknown = Reflect.getMetadata('SCHEDULER_NAME', original)
    if (typeof jobName !== 'string') return { name, options }
    return {
      name,
      options: { ...options, attributes: { ...options.attributes, [ATTR.jobName]: jobName } },
    }
  },
  origin: (active, self) => (isBootTrace(active, self) ? ROOT_CONTEXT : active),
  onError: failOperation,
}

const EVENT: EntryKind = {
  layer: 'events',
  template: (type, method) => spanTemplate('event', type, method),
  origin: JOIN,
  onError: failOperation,
}

/** What a request is routed to. */
const ROUTE: EntryKind = {
  layer: 'handlers',
  template: (type, method) => handlerTemplate('handler', type, method),
  origin: (active) => (trace.getSpan(active) ? active : undefined),
  onError: failRequest,
  isHandler: true,
}

const RESOLVER: EntryKind = {
  ...ROUTE,
  template: (type, method) => handlerTemplate('graphql_resolver', type, method),
}

const MESSAGE: EntryKind = { ...ROUTE, layer: 'messages' }

/** Nobody's request, so there the span is a root. */
const GATEWAY: EntryKind = {
  layer: 'gateways',
  template: gatewayTemplate,
  origin: contextWithoutSpan,
  onError: failOperation,
  isHandler: true,
}

/** Below the span that `bullmqTelemetry` makes of the job, or a root where the queue has no telemetry. */
const JOB: EntryKind = {
  layer: 'jobs',
  template: (type, method) => spanTemplate('job', type, method),
  origin: (active, self) => (isBootTrace(active, self) ? ROOT_CONTEXT : active),
  onError: failOperation,
}

function cqrs(type: 'command_handler' | 'query_handler' | 'event_handler'): EntryKind {
  return {
    layer: 'cqrs',
    template: (className, method) => spanTemplate(type, className, method),
    origin: JOIN,
    onError: failOperation,
  }
}

/** By the metadata of a method; the keys are those of Nest's own packages, which need not be there. */
const BY_METHOD: readonly (readonly [string, EntryKind])[] = [
  ['SCHEDULER_TYPE', SCHEDULE],
  ['EVENT_LISTENER_METADATA', EVENT],
  ['path', ROUTE],
  ['graphql:resolver_type', RESOLVER],
  ['websockets:message_mapping', GATEWAY],
  ['microservices:handler_type', MESSAGE],
]

/** By the metadata of a class, and the method that it has for it. */
const BY_CLASS: readonly (readonly [string, string, EntryKind])[] = [
  ['__commandHandler__', 'execute', cqrs('command_handler')],
  ['__queryHandler__', 'execute', cqrs('query_handler')],
  ['__eventsHandler__', 'handle', cqrs('event_handler')],
  ['bullmq:processor_metadata', 'process', JOB],
]

/** The traced methods of a class that something else than a request calls: timers, emitters, queues, buses, sockets. */
export function entryMethods(prototype: object, setup: InstrumentSetup): Overrides | undefined {
  const type = methodOf(prototype, 'constructor')
  if (!type) return undefined
  const overrides: Record<PropertyKey, unknown> = {}
  for (const [key, method] of methodsOf(prototype)) {
    const kind = kindOf(type, key, method)
    if (!kind || !setup.traces(kind.layer)) continue
    if (isTracedFunction(method) || isUntraced(type, method)) continue
    const traced = tracedEntry(method, key, classNameOf(type), kind, setup)
    overrides[key] = kind === JOB ? tracedJob(traced, method, setup) : traced
  }
  return Reflect.ownKeys(overrides).length > 0 ? overrides : undefined
}

/** With the span of the attempt around it, where the user brought what makes one. */
function tracedJob(traced: Method, original: Method, { traceProcessor }: InstrumentSetup): Method {
  return traceProcessor ? likeOriginal(traceProcessor(traced as never) as Method, original) : traced
}

function kindOf(type: object, key: PropertyKey, method: Method): EntryKind | undefined {
  const byMethod = BY_METHOD.find(([metadata]) => Reflect.hasMetadata(metadata, method))
  if (byMethod) return byMethod[1]
  return BY_CLASS.find(
    ([metadata, name]) => name === key && Reflect.hasMetadata(metadata, type),
  )?.[2]
}

function tracedEntry(
  original: Method,
  key: PropertyKey,
  className: string | undefined,
  { template, origin, onError, isHandler = false }: EntryKind,
  setup: InstrumentSetup,
): Method {
  const method = typeof key === 'symbol' ? (key.description ?? 'symbol') : String(key)
  const { name, options } = template(className, method, original)
  const wrapper: Method = function (...args) {
    const active = context.active()
    const isOff = isTracingSuppressed(active) || (isHandler && !setup.handlers)
    const parent = isOff ? undefined : origin(active, this as object)
    if (!parent) return original.apply(this, args)
    const call = () => original.apply(this, args)
    const outer = trace.getSpan(parent)
    if (isHandler && outer && isSampledOut(outer)) return runUnrecorded(parent, call)
    const restart = () => startOperation(setup.tracer, name, options, parent)
    const operation = restart()
    if (isHandler) giveOwnSpan(args, active, operation.span)
    return runCall(operation, call, { onError, restart })
  }
  return likeOriginal(wrapper, original)
}

// By instance: the trace that was active when it was made. Its timers and pollers run on in that context for ever.
const bootTraces = new WeakMap<object, string>()

/** Remembers in which trace an instance was made, where it was in one. */
export function noteBootTrace(instance: unknown): void {
  const boot = trace.getSpanContext(context.active())
  if (boot && typeof instance === 'object' && instance !== null)
    bootTraces.set(instance, boot.traceId)
}

/** Whether the active trace is only that of whoever started the application, and not of whoever calls now. */
function isBootTrace(active: Context, self: object): boolean {
  const boot = bootTraces.get(self)
  return boot !== undefined && trace.getSpanContext(active)?.traceId === boot
}
