import { context, trace, type Context } from '@opentelemetry/api'
import { contextWithSpan, type Operation } from '@throughline/core/integration'

/**
 * The context to go on in after a step that hands over to the next one: what the step made of the active context, without
 * the step's own span where that is still the active one.
 */
export function stepOut(operation: Operation, outer: Context): Context {
  const active = context.active()
  if (active === operation.context) return outer // nothing was added to it, the usual case
  const span = trace.getSpan(outer)
  if (!span || trace.getSpan(active) !== operation.span) return active
  return contextWithSpan(active, span)
}
