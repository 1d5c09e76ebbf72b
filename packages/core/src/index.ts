export { bindContext, runDetached } from './propagation/detach.ts'
export { currentTrace, keepTrace, recordError } from './span/current.ts'
export { withSpan } from './span/with-span.ts'
export type { CurrentTrace } from './span/current.ts'
