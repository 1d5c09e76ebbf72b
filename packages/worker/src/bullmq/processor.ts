import { context } from '@opentelemetry/api'
import { guard, isThenable } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { JobToProcess } from '../job.ts'
import { resolveJobTracing, type JobTracingOptions } from '../options.ts'
import { runJob } from '../run-job.ts'
import { describeJob, type BullMQJob } from './job.ts'
import { processSpanOf, type ProcessSpan } from './process-span.ts'
import { judgeBullMQ } from './verdict.ts'

/** With `bullmqTelemetry` on the worker, the span is that one's, and so are its provider and its relation. */
export type BullMQProcessorOptions = JobTracingOptions<JobToProcess>

/**
 * Wraps a processor, so that the span of an attempt knows its job and its error: attempt number, wait, `error.type`, the
 * exception. On a worker without `bullmqTelemetry` it makes that span itself. Result, error, `this` and `length` are
 * the processor's own.
 *
 * @example
 * ```ts
 * new Worker('shipping', traceProcessor(async (job) => ship(job.data)), { connection, telemetry: bullmqTelemetry() })
 * ```
 */
export function traceProcessor<J extends BullMQJob, R extends unknown[], T>(
  processor: (job: J, ...rest: R) => T,
  options: BullMQProcessorOptions = {},
): (job: J, ...rest: R) => T {
  const settings = resolveJobTracing<JobToProcess>('traceProcessor', 'bullmq', options)
  if (!settings.enabled) return processor
  function traced(this: unknown, job: J, ...rest: R): T {
    const run = (): T => processor.call(this, job, ...rest)
    const active = context.active()
    if (isTracingSuppressed(active)) return run()
    const facts = guard('Reading a job', describeJob, job)
    if (!facts) return run()
    const span = processSpanOf(active)
    return span?.join(job) ? runIn(span, facts, run) : runJob(settings, facts, judgeBullMQ, run)
  }
  // BullMQ reads the length: only a processor with three parameters gets an abort signal.
  return Object.defineProperties(traced, {
    length: { value: processor.length, configurable: true },
    name: { value: processor.name, configurable: true },
  })
}

/** Runs the processor in the telemetry's span, which BullMQ ends when the job is settled. */
function runIn<T>(span: ProcessSpan, job: JobToProcess, run: () => T): T {
  span.describe(job)
  const failed = (error: unknown): never => {
    span.fail(error, judgeBullMQ(job, error))
    throw error
  }
  try {
    const result = run()
    return isThenable(result) ? (result.then(undefined, failed) as T) : result
  } catch (error) {
    return failed(error)
  }
}
