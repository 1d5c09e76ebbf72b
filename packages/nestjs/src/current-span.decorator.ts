import { INVALID_SPAN_CONTEXT, context, trace, type Span } from '@opentelemetry/api'
import { createParamDecorator } from '@nestjs/common'

/**
 * Gives a handler the span that is active in it: its own. It is always a span; where nothing is traced it is one that
 * records nothing.
 *
 * @example
 * ```ts
 * create(@CurrentSpan() span: Span) {
 *   span.setAttribute('order.items', 3)
 * }
 * ```
 */
export const CurrentSpan: () => ParameterDecorator = createParamDecorator(currentSpan)

function currentSpan(): Span {
  return trace.getSpan(context.active()) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
}
