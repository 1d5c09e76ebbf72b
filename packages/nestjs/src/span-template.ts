import { SpanKind, type Context, type SpanOptions } from '@opentelemetry/api'
import { ATTR, contextWithoutSpan, handlerSpanName } from '@throughline/core/integration'

/** What all spans of one method have in common, put together once. */
export interface SpanTemplate {
  readonly name: string
  readonly options: SpanOptions
}

/** The values of `nestjs.type` that are written here. */
export type NestType =
  | 'handler'
  | 'graphql_resolver'
  | 'websocket'
  | 'guard'
  | 'pipe'
  | 'interceptor'
  | 'exception_filter'
  | 'middleware'
  | 'schedule'
  | 'event'
  | 'command_handler'
  | 'query_handler'
  | 'event_handler'
  | 'job'
  | 'custom'

/** The template of an INTERNAL span named `Class.method`, or as the user said. */
export function spanTemplate(
  type: NestType,
  className: string | undefined,
  method: string,
  name?: string,
): SpanTemplate {
  const functionName = handlerSpanName(className, method)
  return {
    name: name ?? functionName,
    options: {
      kind: SpanKind.INTERNAL,
      attributes: { [ATTR.codeFunction]: functionName, [ATTR.nestType]: type },
    },
  }
}

/** The template of a handler's span, which names its controller as well. */
export function handlerTemplate(
  type: NestType,
  controller: string | undefined,
  callback: string,
): SpanTemplate {
  const { name, options } = spanTemplate(type, controller, callback)
  const attributes = {
    ...options.attributes,
    ...(controller !== undefined && { [ATTR.nestController]: controller }),
    [ATTR.nestCallback]: callback,
  }
  return { name, options: { ...options, attributes } }
}

/** The template of a WebSocket message's span: nothing is above it, so it is the one that serves. */
export function gatewayTemplate(gateway: string | undefined, callback: string): SpanTemplate {
  const { name, options } = handlerTemplate('websocket', gateway, callback)
  return { name, options: { ...options, kind: SpanKind.SERVER } }
}

/** Where the span of a handler starts from. A WebSocket's callbacks run in whatever opened the connection. */
export function originOfType(type: string, active: Context): Context {
  return type === 'ws' ? contextWithoutSpan(active) : active
}
