import { context, trace, type Context, type Tracer } from '@opentelemetry/api'
import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common'
import { guard, startOperation } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { Observable, tap } from 'rxjs'
import { failRequest, noteFailure } from './failure.ts'
import { carryHandler, withHandler } from './handler-context.ts'
import { NoTrace, isUntraced } from './no-trace.decorator.ts'
import { subscribeWithin } from './operation-subscriber.ts'
import { startedByInterceptor } from './rpc/interceptor-entry.ts'
import type { RpcTracer } from './rpc/rpc-tracer.ts'
import { isSampledOut } from './sampled-out.ts'
import {
  gatewayTemplate,
  handlerTemplate,
  originOfType,
  type SpanTemplate,
} from './span-template.ts'
import { TracingSetup } from './tracing-setup.ts'

type Templates = WeakMap<object, WeakMap<object, SpanTemplate | false>>

/**
 * The span of every handler: INTERNAL, from the subscription to what the handler returns until that ends, pipes and inner
 * interceptors included. A message of a WebSocket is nobody's request, so there the span is a root.
 */
@NoTrace()
@Injectable()
export class HandlerInterceptor implements NestInterceptor {
  readonly #tracer: Tracer | undefined
  readonly #rpc: RpcTracer | undefined
  // By handler, then by class: an inherited handler is one function of several controllers.
  readonly #templates: Templates = new WeakMap()

  constructor(@Inject(TracingSetup) setup: TracingSetup) {
    if (setup.handlers) this.#tracer = setup.tracing.tracer
    this.#rpc = setup.rpc
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const active = context.active()
    if (isTracingSuppressed(active)) return next.handle()
    const process =
      this.#rpc &&
      execution.getType() === 'rpc' &&
      guard('Starting a message', startedByInterceptor, this.#rpc, execution)
    if (!process) return this.#handle(execution, next, active)
    return process.toItsEnd(this.#handle(execution, next, process.context))
  }

  #handle(execution: ExecutionContext, next: CallHandler, active: Context): Observable<unknown> {
    const tracer = this.#tracer
    if (isTracingSuppressed(active)) return pass(execution, next, active)
    const template =
      tracer &&
      !isBelowSampledOut(execution, active) &&
      (this.#templates.get(execution.getHandler())?.get(execution.getClass()) ??
        guard('Describing a handler', templateOf, this.#templates, execution))
    if (!template) {
      return pass(execution, next, active).pipe(
        tap({ error: (error) => noteFailure(error, active) }),
      )
    }
    return new Observable((subscriber) => {
      if (subscriber.closed) return
      const { name, options } = template
      const parent = originOfType(execution.getType(), context.active())
      const operation = startOperation(tracer, name, options, parent)
      carryHandler(operation, execution.getHandler())
      subscribeWithin(operation, () => next.handle(), subscriber, failRequest)
    })
  }
}

/**
 * Goes on without a span. Nest binds what follows to the context that `handle` is called in; the mark in it keeps others
 * from a span of their own.
 */
function pass(
  execution: ExecutionContext,
  next: CallHandler,
  active: Context,
): Observable<unknown> {
  return context.with(withHandler(active, execution.getHandler()), () => next.handle())
}

/** A message of a WebSocket is below nothing. */
function isBelowSampledOut(execution: ExecutionContext, active: Context): boolean {
  const span = trace.getSpan(active)
  return span !== undefined && isSampledOut(span) && execution.getType<string>() !== 'ws'
}

function templateOf(templates: Templates, execution: ExecutionContext): SpanTemplate | false {
  const handler = execution.getHandler()
  const type = execution.getClass()
  let byClass = templates.get(handler)
  if (!byClass) templates.set(handler, (byClass = new WeakMap()))
  let template = byClass.get(type)
  if (template === undefined) {
    template = !isUntraced(type, handler) && describe(type.name, handler.name, execution.getType())
    byClass.set(type, template)
  }
  return template
}

function describe(controller: string, handler: string, type: string): SpanTemplate {
  if (type === 'ws') return gatewayTemplate(controller, handler)
  return handlerTemplate(type === 'graphql' ? 'graphql_resolver' : 'handler', controller, handler)
}
