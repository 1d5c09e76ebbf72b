import { SpanKind, context, type Context } from '@opentelemetry/api'
import { ATTR, startOperation, type Operation, type Tracing } from '@throughline/core/integration'
import { activeServerRequest, type ServerRequest } from '@throughline/core/http'
import type { FastifyReply } from 'fastify'

/** A hook or a handler that has a span, described once, when it is added. */
export interface Step {
  readonly name: string
  readonly options: Parameters<typeof startOperation>[2]
}

/** Named `{type} {function}`, or the type alone for a function without a name: never by its source. */
export function describeStep(type: string, fn: { readonly name: string }): Step {
  const attributes = {
    [ATTR.fastifyType]: type,
    ...(fn.name && { [ATTR.codeFunction]: fn.name }),
  }
  const name = fn.name && fn.name !== type ? `${type} ${fn.name}` : type
  return { name, options: { kind: SpanKind.INTERNAL, attributes } }
}

/** Starts the span of a step of this request. */
export function startStep(tracing: Tracing, step: Step, traced: ServerRequest): Operation {
  return startOperation(tracing.tracer, step.name, step.options, contextOf(traced))
}

/** The active context where it is this request's, else the request's own: some callbacks lose theirs. */
export function contextOf(traced: ServerRequest): Context {
  const active = context.active()
  return activeServerRequest(active) === traced ? active : traced.context
}

/** Ends a step that failed. What asks for an answer below 500 is an answer, not a failure. */
export function failStep(error: unknown, operation: Operation): void {
  const status = statusOf(error)
  if (status !== undefined && status >= 300 && status < 500) operation.end()
  else operation.fail(error)
}

function statusOf(error: unknown): number | undefined {
  try {
    const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode
    return typeof status === 'number' ? status : undefined
  } catch {
    return undefined
  }
}

/** Ends a step that is never done with the response, and just before it. The answer ends it now. */
export function endWithResponse(operation: Operation, reply: FastifyReply): () => void {
  const end = (): void => {
    operation.end()
    reply.raw.removeListener('close', end)
  }
  reply.raw.prependOnceListener('close', end)
  return end
}
