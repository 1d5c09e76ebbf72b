import { context, type Tracer } from '@opentelemetry/api'
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
import { failRequest } from './failure.ts'
import { NoTrace, isUntraced } from './no-trace.decorator.ts'
import { subscribeWithin } from './operation-subscriber.ts'
import { handlerTemplate, type SpanTemplate } from './span-template.ts'
import { TracingSetup } from './tracing-setup.ts'

/**
 * The span of every handler: INTERNAL, from the subscription to what the handler returns until that ends, pipes and inner
 * interceptors included.
 */
@NoTrace()
@Injectable()
export class HandlerInterceptor implements NestInterceptor {
  readonly #tracer: Tracer | undefined
  // By handler, then by class: an inherited handler is one function of several controllers.
  readonly #templates = new WeakMap<object, WeakMap<object, SpanTemplate | false>>()

  constructor(@Inject(TracingSetup) setup: TracingSetup) {
    if (setup.enabled) this.#tracer = setup.tracing.tracer
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const tracer = this.#tracer
    if (!tracer || isTracingSuppressed(context.active())) return next.handle()
    const template = guard('Describing a handler', templateOf, this.#templates, execution)
    if (!template) return next.handle()
    return new Observable((subscriber) => {
      if (subscriber.closed) return
      const { name, options } = template
      const operation = startOperation(tracer, name, options, context.active())
      subscribeWithin(operation, () => next.handle(), subscriber, failRequest)
    })
  }
}

function templateOf(
  templates: WeakMap<object, WeakMap<object, SpanTemplate | false>>,
  execution: ExecutionContext,
): SpanTemplate | false {
  const handler = execution.getHandler()
  const type = execution.getClass()
  let byClass = templates.get(handler)
  if (!byClass) templates.set(handler, (byClass = new WeakMap()))
  let template = byClass.get(type)
  if (template === undefined) {
    template = !isUntraced(type, handler) && handlerTemplate(type.name, handler.name)
    byClass.set(type, template)
  }
  return template
}
