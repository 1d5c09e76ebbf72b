import { context } from '@opentelemetry/api'
import { isThenable, type Tracing } from '@throughline/core/integration'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { describeStep, endWithResponse, failStep, startStep, type Step } from './step-span.ts'
import { tracedRequest } from './traced-request.ts'

type RouteHandler = RouteOptions['handler']
type Handler = (this: unknown, ...args: unknown[]) => unknown

const measured = new WeakSet<RouteHandler>()
/** The spans of handlers that returned before they had answered. */
const pending = new WeakMap<FastifyRequest, () => void>()

/** Gives a span to the handler of every route that is added from now on. */
export function traceHandlers(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRoute', (route) => {
    route.handler = measuredHandler(route.handler, tracing)
  })
  app.addHook('onSend', (request, _reply, _payload, next) => {
    pending.get(request)?.()
    next()
  })
}

function measuredHandler(handler: RouteHandler, tracing: Tracing): RouteHandler {
  if (typeof handler !== 'function' || measured.has(handler)) return handler
  const step = describeStep('handler', handler)
  const traced: RouteHandler = function (...args) {
    return runHandler(this, handler as Handler, args, step, tracing)
  }
  Object.defineProperties(traced, {
    name: { value: handler.name },
    length: { value: handler.length },
  })
  measured.add(traced)
  return traced
}

/** A handler takes `(request, reply)`, that of a websocket route `(socket, request)`. */
function runHandler(
  self: unknown,
  handler: Handler,
  args: unknown[],
  step: Step,
  tracing: Tracing,
): unknown {
  const [request, reply] = args as [FastifyRequest, FastifyReply]
  const answers = tracedRequest(request)
  const traced = answers ?? tracedRequest(args[1])
  if (!traced || traced.operation.ended) return handler.apply(self, args)
  const operation = startStep(tracing, step, traced)
  const ended = answers ? endWithResponse(operation, reply) : () => operation.end()
  try {
    const result = context.with(operation.context, handler, self, ...args)
    if (isThenable(result)) void result.then(ended, failed)
    else if (!answers || result !== undefined || reply.sent) ended()
    else pending.set(request, ended)
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
