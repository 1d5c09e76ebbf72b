import { SpanKind, type SpanOptions } from '@opentelemetry/api'
import { ATTR, handlerSpanName } from '@throughline/core/integration'

/** What all spans of one method have in common, put together once. */
export interface SpanTemplate {
  readonly name: string
  readonly options: SpanOptions
}

/** The values of `nestjs.type` that are written here. */
export type NestType =
  | 'handler'
  | 'guard'
  | 'pipe'
  | 'interceptor'
  | 'exception_filter'
  | 'middleware'
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
export function handlerTemplate(controller: string, callback: string): SpanTemplate {
  const { name, options } = spanTemplate('handler', controller, callback)
  const attributes = {
    ...options.attributes,
    [ATTR.nestController]: controller,
    [ATTR.nestCallback]: callback,
  }
  return { name, options: { ...options, attributes } }
}
