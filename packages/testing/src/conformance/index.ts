export {
  conformanceCases,
  describeConformance,
  describeSendConformance,
  sendConformanceCases,
} from './describe-conformance.ts'
export type { ConformanceCase, TestRunner } from './describe-conformance.ts'
export type { Entry, EntryAdapter, EntryCaseId, Handle } from './entry-adapter.ts'
export type { IntegrationOptions, IntegrationOptions as EntryOptions } from './options.ts'
export type { Arrive, ArrivedHeaders, SendAdapter, SendCaseId, Sending } from './send-adapter.ts'
