import { createContextKey, type Context } from '@opentelemetry/api'

const HANDLER = createContextKey('@throughline/nestjs/handler')

/** Marks a context as that of a handler which has its span, so that no second one is made. */
export function withHandler(context: Context, handler: object): Context {
  return context.setValue(HANDLER, handler)
}
