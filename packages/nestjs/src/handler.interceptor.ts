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
import { Observable } from 'rxjs'
import { failRequest, notingFailure } from './failure.ts'
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

/** Whether handlers have spans, told to the instrument that makes them. */
export interface HandlerSwitch {
  handlers: boolean
}

/**
 * The span of every handler: INTERNAL, from the subscription to what the handler returns until that ends, pipes and inner
 * interceptors included. A message of a WebSocket is nobody's request, so there the span is a root.
 *
 * It is for applications without an instrument. Where there is one, that traces the methods themselves: an interceptor of
 * Nest costs more than the span that it makes.
 */
@NoTrace()
@Injectable()
export class HandlerInterceptor implements NestInterceptor {
  /** The instrument of the application, which had this instance in its hands before anybody else. */
  throughlineInstrument: HandlerSwitch | undefined = undefined
  readonly #tracer: Tracer | undefined
  readonly #rpc: RpcTracer | undefined
  // By handler, then by class: an inherited handler is one function of several controllers.
  readonly #templates: Templates = new WeakMap()

  constructor(@Inject(TracingSetup) setup: TracingSetup) {
    if (setup.handlers) this.#tracer = setup.tracing.tracer
    this.#rpc = setup.rpc
  }

  /** Leaves the handlers to the instrument of the application; answers whether there is one. */
  leaveToInstrument(): boolean {
    if (!this.throughlineInstrument) return false
    this.throughlineInstrument.handlers = this.#tracer !== undefined
    return true
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
    if (isTracingSuppressed(active)) return context.with(active, () => next.handle())
    const template =
      tracer &&
      !isBelowSampledOut(execution, active) &&
      (this.#templates.get(execution.getHandler())?.get(execution.getClass()) ??
        guard('Describing a handler', templateOf, this.#templates, execution))
    if (!template) {
      // Nest binds what follows to the context that `handle` is called in.
      return notingFailure(
        context.with(active, () => next.handle()),
        active,
      )
    }
    return new Observable((subscriber) => {
      if (subscriber.closed) return
      const { name, options } = template
      const parent = originOfType(execution.getType(), context.active())
      const operation = startOperation(tracer, name, options, parent)
      subscribeWithin(operation, () => next.handle(), subscriber, failRequest)
    })
  }
}

/** Shows an instance to the instrument of its application, for where it is the interceptor of ours. */
export function offerInstrument(instance: unknown, instrument: HandlerSwitch): void {
  try {
    // By a name of its own, as there may be several copies of this package.
    const isOurs = Object.hasOwn(instance as object, 'throughlineInstrument')
    if (isOurs) (instance as HandlerInterceptor).throughlineInstrument = instrument
  } catch {
    // `null`, or a proxy that cannot be looked at yet: none of ours.
  }
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
