import { context, type Context } from '@opentelemetry/api'
import { isThenable, type Operation, type Tracing } from '@throughline/core/integration'
import type { FastifyInstance, FastifyReply, RouteOptions } from 'fastify'
import type { LifecycleHook } from './options.ts'
import { contextOf, describeStep, endWithResponse, failStep, startStep } from './step-span.ts'
import type { Step } from './step-span.ts'
import { tracedRequest } from './traced-request.ts'

type Hook = (this: unknown, ...args: unknown[]) => unknown
type AddHook = (this: unknown, name: string, hook: Hook) => unknown
type Done = (...args: unknown[]) => unknown

const measured = new WeakSet<Hook>()

/** Gives a span to the listed hooks that are added from now on: to the application, its plugins and its routes. */
export function traceHooks(
  app: FastifyInstance,
  hooks: ReadonlySet<string>,
  tracing: Tracing,
): void {
  const { addHook } = app as unknown as { addHook: AddHook }
  const addMeasured: AddHook = function (name, hook) {
    return addHook.call(this, name, hooks.has(name) ? measuredHook(name, hook, tracing) : hook)
  }
  app.addHook = addMeasured as FastifyInstance['addHook']
  app.addHook('onRoute', (route) => {
    for (const name of hooks) measureRouteHooks(route, name as LifecycleHook, tracing)
  })
}

function measureRouteHooks(route: RouteOptions, name: LifecycleHook, tracing: Tracing): void {
  const own = route as Partial<Record<LifecycleHook, unknown>>
  const hook = own[name]
  if (Array.isArray(hook)) own[name] = hook.map((one: Hook) => measuredHook(name, one, tracing))
  else if (hook !== undefined) own[name] = measuredHook(name, hook as Hook, tracing)
}

function measuredHook(name: string, hook: Hook, tracing: Tracing): Hook {
  if (typeof hook !== 'function' || measured.has(hook) || isRefused(name, hook)) return hook
  const step = describeStep(name, hook)
  const traced: Hook = function (...args) {
    return runHook(this, hook, args, step, tracing)
  }
  Object.defineProperties(traced, { name: { value: hook.name }, length: { value: hook.length } })
  measured.add(traced)
  return traced
}

/** Fastify refuses an async hook that also takes a callback; it must see that one itself, to say so. */
function isRefused(name: string, hook: Hook): boolean {
  const withPayload = name !== 'onRequest' && name !== 'preValidation' && name !== 'preHandler'
  return hook.constructor.name === 'AsyncFunction' && hook.length === (withPayload ? 4 : 3)
}

function runHook(
  self: unknown,
  hook: Hook,
  args: unknown[],
  step: Step,
  tracing: Tracing,
): unknown {
  const [request, reply] = args as [unknown, FastifyReply]
  const traced = tracedRequest(request)
  if (!traced || traced.operation.ended) return hook.apply(self, args)
  const outside = contextOf(traced)
  const operation = startStep(tracing, step, traced)
  const done = args.at(-1) as Done
  const ended = endWithResponse(operation, reply)
  args[args.length - 1] = doneOutside(operation, outside, done, ended)
  try {
    const result = context.with(operation.context, hook, self, ...args)
    if (isThenable(result)) void result.then(ended, (error: unknown) => failed(error))
    else if (reply.sent) ended() // it answered the request itself, and will not call back
    return result
  } catch (error) {
    failed(error)
    throw error
  }

  function failed(error: unknown): void {
    failStep(error, operation)
    ended()
  }
}

/** What follows runs in the request's context again, so that its spans are no children of this hook. */
function doneOutside(operation: Operation, outside: Context, done: Done, ended: () => void): Done {
  return (...args) => {
    if (args[0]) failStep(args[0], operation)
    ended()
    return context.with(outside, done, undefined, ...args)
  }
}
