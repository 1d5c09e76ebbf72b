import { context, trace, type Span } from '@opentelemetry/api'

/** The process span of pg-boss itself, where it is active: pg-boss 12.36 and later make one unless told not to. */
export function nativeProcessSpan(): Span | undefined {
  const span: SdkSpan | undefined = trace.getSpan(context.active())
  const attributes = span?.attributes
  if (attributes?.['messaging.system'] !== 'pg-boss') return undefined
  return attributes['messaging.operation.type'] === 'process' ? span : undefined
}

/** The spans of SDKs can be read. */
interface SdkSpan extends Span {
  readonly attributes?: Readonly<Record<string, unknown>>
}
