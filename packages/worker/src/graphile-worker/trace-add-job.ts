import { context } from '@opentelemetry/api'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { AddJobFunction } from 'graphile-worker'
import type { JobToEnqueue } from '../job.ts'
import { runEnqueue } from '../job-tracer.ts'
import { resolveJobTracing, type JobTracing } from '../options.ts'
import { pack } from '../payload-carrier.ts'
import type { JobToProcess } from '../job.ts'
import { SYSTEM, type GraphileTracingOptions } from './options.ts'

/**
 * Traces `addJob` of `makeWorkerUtils`, of `quickAddJob`'s like, or of a task's helpers (which `traceTaskList` traces by
 * itself). The context travels in the payload, under `_throughline`, where that is an object or absent; a list, which is a
 * batch job to Graphile Worker, is left as it is.
 *
 * @example
 * ```ts
 * const addJob = traceAddJob(utils.addJob)
 * await addJob('ship-order', { order: 7 }, { maxAttempts: 5 })
 * ```
 */
export function traceAddJob(
  addJob: AddJobFunction,
  options: GraphileTracingOptions = {},
): AddJobFunction {
  const settings = resolveJobTracing('traceAddJob', SYSTEM, options)
  return settings.enabled ? tracedAddJob(settings, addJob) : addJob
}

/** The same with options that were checked. */
export function tracedAddJob(
  settings: JobTracing<JobToProcess, JobToEnqueue>,
  addJob: AddJobFunction,
): AddJobFunction {
  const traced = (
    identifier: string,
    payload: unknown,
    spec?: { runAt?: unknown },
  ): ReturnType<AddJobFunction> => {
    const add = (next: unknown): ReturnType<AddJobFunction> =>
      addJob(identifier, next, spec as Parameters<AddJobFunction>[2])
    if (isTracingSuppressed(context.active())) return add(payload)
    const { runAt } = spec ?? {}
    const delayMs = runAt instanceof Date ? runAt.getTime() - Date.now() : undefined
    const job = { queue: identifier, name: identifier, delayMs }
    return runEnqueue(settings, job, (carrier) => add(pack(payload, carrier)))
  }
  return traced
}
