import type { JobToEnqueue, JobToProcess } from '../job.ts'
import type { JobTracingOptions } from '../options.ts'

/** What `traceAddJob` and `traceTaskList` accept. A job's queue and name are its task's identifier. */
export type GraphileTracingOptions = JobTracingOptions<JobToProcess, JobToEnqueue>

export const SYSTEM = 'graphile_worker'
