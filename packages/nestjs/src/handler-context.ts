import { createContextKey, type Context } from '@opentelemetry/api'
import type { Operation } from '@throughline/core/integration'

const HANDLER = createContextKey('@throughline/nestjs/handler')

/** Marks a context as that of a handler which has its span, so that no second one is made. */
export function withHandler(context: Context, handler: object): Context {
  return context.setValue(HANDLER, handler)
}

/** The same for the operation of a handler that has just been started. */
export function carryHandler(operation: Operation, handler: object): void {
  operation.carry(HANDLER, handler)
}

/** Whether this very handler has its span already. */
export function isHandlerTraced(context: Context, handler: object): boolean {
  return context.getValue(HANDLER) === handler
}
