import { INVALID_SPAN_CONTEXT, context, trace, type Context, type Span } from '@opentelemetry/api'
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

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

function currentSpan(): Span {
  return trace.getSpan(context.active()) ?? NO_SPAN
}

/** Puts the handler's own span where `@CurrentSpan()` gave the one around it, as parameters come before the handler. */
export function giveOwnSpan(args: unknown[], outer: Context, span: Span): void {
  const given = trace.getSpan(outer) ?? NO_SPAN
  for (let at = 0; at < args.length; at++) if (args[at] === given) args[at] = span
}
