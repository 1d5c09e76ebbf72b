import { SpanKind } from '@opentelemetry/api'
import { ATTR, startOperation, warnOnce, type Tracing } from '@throughline/core/integration'
import type { RouterMessage } from './router-message.ts'
import type { Routing } from './routing.ts'

/** Which steps of a request get spans, and what these are made with. */
export interface StepOptions {
  readonly tracing: Tracing
  readonly middleware: boolean
  readonly handlers: boolean
}

type StepType = 'middleware' | 'handler' | 'error_handler'

/**
 * Starts the span of a middleware or a handler. Express calls one after the other, so the one before it is over: one
 * that calls `next` tells of no other end.
 */
export function startStep(routing: Routing, steps: StepOptions, message: RouterMessage): void {
  endStep(routing)
  const type = typeOf(message)
  if (!type || !(type === 'handler' ? steps.handlers : steps.middleware)) return
  const { name } = message.handler
  const attributes = { [ATTR.expressType]: type, ...(name && { [ATTR.codeFunction]: name }) }
  routing.step = {
    message,
    operation: startOperation(
      steps.tracing.tracer,
      name ? `${type} ${name}` : type,
      { kind: SpanKind.INTERNAL, attributes },
      routing.traced.context,
    ),
  }
}

/** Ends the step that goes on, where it is the given one. */
export function endStep(routing: Routing, message?: RouterMessage): void {
  if (!routing.step || (message && routing.step.message !== message)) return
  routing.step.operation.end()
  routing.step = undefined
}

/** Ends a step that failed. What asks for an answer below 500 is an answer, not a failure. */
export function failStep(routing: Routing, message: RouterMessage): void {
  if (routing.step?.message !== message) return
  const { error } = message
  const { status, statusCode = status } = (error ?? {}) as { status?: number; statusCode?: number }
  if (statusCode === undefined || statusCode >= 500) routing.step.operation.fail(error)
  endStep(routing, message)
}

/** Says that an Express before 5.3 does not tell of its steps. */
export function warnOfNoSteps({ heard, steps }: Routing): void {
  if (!steps || heard) return
  warnOnce('expressTracing: middlewareSpans and handlerSpans need Express 5.3 or later')
}

/** Routers and mounted applications are no steps: their layers are. Nor are the callbacks of parameters. */
function typeOf({ layer, handler, errorHandler }: RouterMessage): StepType | undefined {
  if (layer.route || 'stack' in handler || handler.name === 'mounted_app') return undefined
  if (errorHandler) return 'error_handler'
  return 'method' in layer ? 'handler' : 'middleware'
}
