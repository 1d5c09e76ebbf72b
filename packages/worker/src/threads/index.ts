export { collectThreadSpans, droppedThreadSpans } from './listener.ts'
export { threadTask } from './thread-task.ts'
export { traceTask } from './trace-task.ts'
export type { TracedTask } from './envelope.ts'
