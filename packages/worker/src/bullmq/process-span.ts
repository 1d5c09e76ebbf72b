import { ROOT_CONTEXT, createContextKey, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR, describeError, type ErrorDescription } from '@throughline/core/integration'
import type { Operation } from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import { suppressTracing } from '@throughline/core/propagation'
import type { Span } from 'bullmq'
import type { JobToProcess } from '../job.ts'
import { processAttributes } from '../job-attributes.ts'
import { measureJob, measureWait, type JobMeasure } from '../job-metrics.ts'
import type { JobTracing } from '../options.ts'
import { isFailure, type JobOutcome } from '../outcome.ts'
import type { BullMQJob, JobQueue } from './job.ts'
import { textOf } from './text.ts'

const PROCESS = createContextKey('@throughline/worker bullmq process')

/** The process span that is active here, where BullMQ's telemetry made one. */
export function processSpanOf(context: Context): ProcessSpan | undefined {
  return context.getValue(PROCESS) as ProcessSpan | undefined
}

/**
 * The CONSUMER span of one attempt. BullMQ says by events how the attempt went; `traceProcessor` adds the job and the
 * error itself, which BullMQ does not hand over.
 */
export class ProcessSpan implements Span<Context> {
  readonly #settings: JobTracing<JobQueue>
  readonly #sender: Context
  #operation: Operation | undefined
  #measure: JobMeasure | undefined
  #queue: string | undefined
  #jobId: unknown
  #jobName: unknown
  #ignored = false
  #joined = false
  #outcome: JobOutcome | undefined
  #error: unknown
  #failed = false
  #settled = false
  #fault: ErrorDescription | undefined
  /** How BullMQ moved the job, from its last internal operation: `complete`, `retry`, `delay` or `fail`. */
  move: string | undefined

  constructor(settings: JobTracing<JobQueue>, sender: Context = ROOT_CONTEXT) {
    this.#settings = settings
    this.#sender = sender
  }

  setAttributes(given: Record<string, unknown>): void {
    if (this.#queue === undefined) return this.#start(textOf(given['bullmq.queue.name']))
    if (!this.#operation) return
    const id = given['bullmq.job.id']
    const name = given['bullmq.job.name']
    if (id === undefined && name === undefined) return
    this.#jobId = id
    this.#jobName = name
  }

  /** The context of the job, whatever BullMQ's main loop runs in. */
  setSpanOnContext(context: Context): Context {
    if (this.#ignored) return suppressTracing(ROOT_CONTEXT)
    return this.#operation ? this.#operation.context : context
  }

  /** `job completed` brings the result, which is nobody's business here, `job failed` the message of the error. */
  addEvent(event: string, given?: Record<string, unknown>): void {
    if (event === 'job completed') {
      this.#settled = true
      this.#outcome = 'completed'
    }
    if (event !== 'job failed') return
    this.#settled = true
    // How BullMQ moved the job has the last word over what was thrown, except that it was called off.
    if (this.#outcome !== 'aborted') this.#outcome = this.move === 'fail' ? 'failed' : 'retry'
    if (this.#failed || this.#outcome === 'aborted') return
    const message = textOf(given?.['bullmq.job.failed.reason'])
    this.#operation?.error({ type: '_OTHER', message })
  }

  /** BullMQ reports what went wrong while it settled the job: a lost lock, a lost connection that may come back. */
  recordException(error: unknown): void {
    const isText = typeof error === 'string'
    this.#fault = isText ? { type: '_OTHER', message: error } : describeError(error)
  }

  end(): void {
    const operation = this.#operation
    if (!operation) return
    if (this.#fault && !this.#settled && !this.#failed) operation.error(this.#fault)
    const outcome = this.#outcome
    const name = textOf(this.#jobName) || undefined
    const id = textOf(this.#jobId) || undefined
    if (operation.recording) operation.set(this.#lastAttributes(name, id, outcome))
    const job = { queue: this.#queue ?? '', name, id }
    this.#settings.describe(operation, { operation: 'process', job, outcome, error: this.#error })
    this.#measure?.end(outcome ?? 'failed')
    operation.end()
  }

  setAttribute(): void {}

  /** Whether this is the span of that job's attempt, and nobody described it yet. Says yes once. */
  join(job: BullMQJob): boolean {
    if (this.#joined || !this.#operation || this.#operation.ended) return false
    if (this.#queue !== job.queueName || this.#jobId !== job.id) return false
    this.#joined = true
    return true
  }

  /** Whether anything that is told of the attempt is kept: by the span or by metrics. */
  get keeps(): boolean {
    return this.#settings.tracing.meter !== undefined || this.#operation?.recording === true
  }

  describe(job: JobToProcess): void {
    const { system, tracing } = this.#settings
    const attributes = processAttributes(job, Date.now())
    this.#operation?.set(attributes)
    const wait = attributes[ATTR.jobQueueWait]
    if (tracing.meter) measureWait(tracing.meter, system, job.queue, wait)
  }

  /** What the processor threw, and what that means unless BullMQ moves the job in another way. */
  fail(error: unknown, outcome: JobOutcome): void {
    this.#outcome = outcome
    this.#error = error
    if (!isFailure(outcome)) return
    this.#failed = true
    this.#operation?.error(describeError(error))
    this.#operation?.recordException(error)
  }

  /** What only the end tells; also the job itself, where no `traceProcessor` has told it. */
  #lastAttributes(
    name: string | undefined,
    id: string | undefined,
    outcome: JobOutcome | undefined,
  ): Attributes {
    const attributes: Attributes = {}
    if (outcome) attributes[ATTR.jobOutcome] = outcome
    if (this.#joined) return attributes
    if (id !== undefined) attributes[ATTR.messagingMessageId] = id
    if (name !== undefined) attributes[ATTR.jobName] = name
    return attributes
  }

  #start(queue: string): void {
    this.#queue = queue
    const settings = this.#settings
    const job = { queue }
    this.#ignored = settings.ignores(job)
    if (this.#ignored) return
    const { tracing, system } = settings
    if (tracing.meter) this.#measure = measureJob(tracing.meter, system, queue, undefined)
    this.#operation = startProcess(tracing, {
      system,
      destination: queue,
      sender: this.#sender,
      relation: settings.relationOf(job),
      spanName: settings.nameOf('process', job),
    })
    this.#operation.carry(PROCESS, this)
  }
}
