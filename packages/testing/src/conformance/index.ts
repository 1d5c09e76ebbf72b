export { conformanceCases, describeConformance } from './describe-conformance.ts'
export type { ConformanceCase, TestRunner } from './describe-conformance.ts'
export type { Entry, EntryAdapter, EntryCaseId, EntryOptions, Handle } from './adapter.ts'
