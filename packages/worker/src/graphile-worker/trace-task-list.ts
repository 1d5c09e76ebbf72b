import { context } from '@opentelemetry/api'
import { guard } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { JobHelpers, Task, TaskList } from 'graphile-worker'
import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { resolveJobTracing, type JobTracing } from '../options.ts'
import { unpack } from '../payload-carrier.ts'
import { runJob } from '../run-job.ts'
import { judge } from '../verdict.ts'
import { SYSTEM, type GraphileTracingOptions } from './options.ts'
import { tracedAddJob } from './trace-add-job.ts'

type Settings = JobTracing<JobToProcess, JobToEnqueue>

/**
 * Traces the tasks of a list: a span for each attempt, whatever `run` was called in. `helpers.addJob` is traced inside.
 *
 * @example
 * ```ts
 * await run({ pgPool, taskList: traceTaskList({ 'ship-order': async (payload) => ship(payload) }) })
 * ```
 */
export function traceTaskList<T extends TaskList>(
  tasks: T,
  options: GraphileTracingOptions = {},
): T {
  const settings = resolveJobTracing('traceTaskList', SYSTEM, options)
  if (!settings.enabled) return tasks
  const entries = Object.entries(tasks).map(([name, task]) => [
    name,
    typeof task === 'function' ? traced(settings, task as Task) : task,
  ])
  return Object.fromEntries(entries) as T
}

function traced(settings: Settings, task: Task): Task {
  function run(this: unknown, given: unknown, helpers: JobHelpers): ReturnType<Task> {
    const { payload, carrier } = unpack(given)
    const call = (own: JobHelpers): ReturnType<Task> => task.call(this, payload, own)
    if (isTracingSuppressed(context.active())) return call(helpers)
    const job = guard('Reading a job', describe, helpers, payload, carrier)
    if (!job) return call(helpers)
    return runJob(settings, job, judge, () => call(withTracedAddJob(settings, helpers)))
  }
  return Object.defineProperty(run, 'name', { value: task.name, configurable: true })
}

/** All times are the database's own: no clock of a sender or of a worker falsifies the wait. */
function describe(
  { job, abortSignal }: JobHelpers,
  payload: unknown,
  carrier: unknown,
): JobToProcess {
  const createdAt = job.created_at.getTime()
  const cron = typeof payload === 'object' && payload !== null && '_cron' in payload
  return {
    queue: job.task_identifier,
    name: job.task_identifier,
    id: job.id,
    attempt: job.attempts,
    maxAttempts: job.max_attempts,
    enqueuedAt: createdAt,
    // `run_at` is set anew for each attempt.
    readyAt: Math.max(job.run_at.getTime(), createdAt),
    startedAt: job.locked_at?.getTime(),
    schedule: cron ? job.task_identifier : undefined,
    signal: abortSignal,
    carrier,
  }
}

function withTracedAddJob(settings: Settings, helpers: JobHelpers): JobHelpers {
  const addJob = tracedAddJob(settings, helpers.addJob)
  return Object.create(helpers, { addJob: { value: addJob, enumerable: true } }) as JobHelpers
}
