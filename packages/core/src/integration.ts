// For authors of integrations. An application takes `withSpan` and its siblings from '@throughline/core'.
export { ATTR } from './attributes.ts'
export { InvalidOptionError, TracingError } from './errors.ts'
export { decide, guard, report, warnOnce } from './guard.ts'
export {
  databaseSpanName,
  handlerSpanName,
  httpClientSpanName,
  httpServerSpanName,
  jobSpanName,
  messagingSpanName,
  tickSpanName,
} from './naming/index.ts'
export { DURATION_BUCKETS, MeterSource } from './meter-source.ts'
export { checkChoice, checkOption, isIdle, resolveTracing } from './options.ts'
export { contextWith, contextWithSpan, contextWithoutSpan } from './propagation/layered-context.ts'
export { describeError } from './span/error-description.ts'
export { isExpected } from './span/expected.ts'
export { setErrorOrigin } from './span/error-origin.ts'
export { Operation, startOperation } from './span/operation.ts'
export { randomSpanId, randomTraceId } from './span/random-id.ts'
export { isThenable, runToEnd } from './span/settle.ts'
export type {
  AttributesHook,
  MeteredTracingOptions,
  Scope,
  Tracing,
  TracingOptions,
} from './options.ts'
export type { NamedDestination } from './naming/index.ts'
export type { ExpectedErrors } from './span/expected.ts'
export type { ErrorDescription } from './span/error-description.ts'
export type { Measurement } from './span/operation.ts'
export type { Outcome } from './span/settle.ts'
export { SPAN_RECORD_CHANNEL } from './span/record.ts'
export type { SpanRecord, SpanReference } from './span/record.ts'
