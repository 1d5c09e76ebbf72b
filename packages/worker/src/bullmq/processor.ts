import { context } from '@opentelemetry/api'
import { guard, isThenable } from '@throughline/core/integration'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { Processor } from 'bullmq'
import type { JobToEnqueue, JobToProcess } from '../job.ts'
import { resolveJobTracing, type JobTracingOptions } from '../options.ts'
import { runJob } from '../run-job.ts'
import { describeJob, type BullMQJob } from './job.ts'
import { processSpanOf, type ProcessSpan } from './process-span.ts'
import { judgeBullMQ } from './verdict.ts'

/** With `bullmqTelemetry` on the worker, the span is that one's, and so are its options. */
export type BullMQProcessorOptions = JobTracingOptions<JobToProcess, JobToEnqueue>

/**
 * Wraps a processor, so that the span of an attempt knows its job and its error: attempt number, wait, `error.type`, the
 * exception. On a worker without `bullmqTelemetry` it makes that span itself. Result, error, `this` and `length` are
 * the processor's own, and so are its types, with the defaults that BullMQ has.
 *
 * @example
 * ```ts
 * new Worker('shipping', traceProcessor(async (job) => ship(job.data)), { connection, telemetry: bullmqTelemetry() })
 * ```
 */
export function traceProcessor<D = any, R = any, N extends string = string>(
  processor: Processor<D, R, N>,
  options: BullMQProcessorOptions = {},
): Processor<D, R, N> {
  const settings = resolveJobTracing('traceProcessor', 'bullmq', options)
  if (!settings.enabled) return processor
  function traced(this: unknown, ...args: Parameters<Processor<D, R, N>>): Promise<R> {
    const run = (): Promise<R> => processor.apply(this, args)
    const active = context.active()
    if (isTracingSuppressed(active)) return run()
    const span = processSpanOf(active)
    const isJoined = span !== undefined && guard('Reading a job', join, span, args[0]) === true
    if (isJoined && !span.keeps) return run()
    const facts = guard('Reading a job', describeJob, args[0], args[2])
    if (!facts) return run()
    return isJoined ? runIn(span, facts, run) : runJob(settings, facts, judgeBullMQ, run)
  }
  // BullMQ reads the length: only a processor with three parameters gets an abort signal.
  return Object.defineProperties(traced, {
    length: { value: processor.length, configurable: true },
    name: { value: processor.name, configurable: true },
  })
}

function join(span: ProcessSpan, job: BullMQJob): boolean {
  return span.join(job)
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
