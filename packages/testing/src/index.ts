export { createTestTracing } from './test-tracing.ts'
export type { TestSpan } from './span.ts'
export type { TestTracing, TestTracingOptions } from './test-tracing.ts'
