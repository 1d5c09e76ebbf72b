export { BatchLinks, MAX_LINKS, startBatch, startProcess } from './process.ts'
export { startSend } from './send.ts'
export type { BatchDescription, ProcessDescription } from './process.ts'
export type { SendDescription } from './send.ts'
