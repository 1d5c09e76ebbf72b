import {
  INVALID_SPAN_CONTEXT,
  context,
  trace,
  type Context,
  type Span,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { objectSetter } from '@throughline/core/propagation'
import { guard } from '@throughline/core/integration'
import type { ServerRequest } from '@throughline/core/http'

/**
 * The trace of one request: what `request.tracing` gives, wherever the request is at hand and whatever context is active
 * there. Of a request that is not traced the span is one that records nothing.
 */
export class RequestTracing {
  readonly #traced: ServerRequest | undefined
  readonly #propagator: Pick<TextMapPropagator, 'inject'>

  /** @internal */
  constructor(traced: ServerRequest | undefined, propagator: Pick<TextMapPropagator, 'inject'>) {
    this.#traced = traced
    this.#propagator = propagator
  }

  /** The span of the request. It is ended for you when the response is gone. */
  get span(): Span {
    return this.#traced?.operation.span ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
  }

  /** The context with the request's span, for code that runs outside of it: `context.with(request.tracing.context, …)`. */
  get context(): Context {
    return this.#traced?.context ?? context.active()
  }

  /** Writes the request's context into a carrier, such as the headers of a message, and returns the carrier. */
  inject<C extends object>(carrier: C): C {
    guard('Writing the context into a carrier', inject, this.#propagator, this.context, carrier)
    return carrier
  }
}

function inject(
  propagator: Pick<TextMapPropagator, 'inject'>,
  context: Context,
  carrier: object,
): void {
  propagator.inject(context, carrier, objectSetter)
}
