import { ATTR, type Operation } from '@throughline/core/integration'
import type { JobToEnqueue, JobToProcess } from './job.ts'
import { measureJob, type JobMeasure } from './job-metrics.ts'
import type { JobTracing } from './options.ts'
import { isFailure, isOutcome, type JobOutcome } from './outcome.ts'
import type { Judge } from './verdict.ts'

/** An attempt while it runs. */
export interface JobAttempt {
  /**
   * Says what becomes of the attempt where no error does: a job that is put back, dropped or given up by a call. The last
   * word counts. `failed` and `retry` make the span an error.
   */
  settle(outcome: JobOutcome): void
}

/** Knows how one attempt went, and writes it on its span. */
export class Attempt implements JobAttempt {
  readonly #settings: JobTracing<JobToProcess, JobToEnqueue>
  readonly #operation: Operation
  readonly #job: JobToProcess
  readonly #measure: JobMeasure | undefined
  #outcome: JobOutcome | undefined

  constructor(
    settings: JobTracing<JobToProcess, JobToEnqueue>,
    operation: Operation,
    job: JobToProcess,
    waitSeconds: unknown,
  ) {
    this.#settings = settings
    this.#operation = operation
    this.#job = job
    const { system, tracing } = settings
    if (tracing.meter) this.#measure = measureJob(tracing.meter, system, job.queue, waitSeconds)
  }

  settle(outcome: JobOutcome): void {
    if (isOutcome(outcome)) this.#outcome = outcome
  }

  completed(): void {
    const outcome = this.#outcome ?? 'completed'
    this.#end(outcome)
    if (isFailure(outcome)) this.#operation.error({ type: outcome })
  }

  failed(error: unknown, judge: Judge): void {
    const outcome = this.#outcome ?? judge(this.#job, error)
    this.#end(outcome, error)
    if (isFailure(outcome)) this.#operation.fail(error)
  }

  #end(outcome: JobOutcome, error?: unknown): void {
    this.#operation.set({ [ATTR.jobOutcome]: outcome })
    const activity = { operation: 'process', job: this.#job, outcome, error } as const
    this.#settings.describe(this.#operation, activity)
    this.#measure?.end(outcome)
  }
}
