export { traceAddJob } from './trace-add-job.ts'
export { traceTaskList } from './trace-task-list.ts'
export type { GraphileTracingOptions } from './options.ts'
