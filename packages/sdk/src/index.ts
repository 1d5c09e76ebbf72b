export { startTracing } from './start-tracing.ts'
export type { StartTracingOptions } from './options.ts'
export type { SpanCounts } from './span-ledger.ts'
export type { RunningTracing } from './start-tracing.ts'
