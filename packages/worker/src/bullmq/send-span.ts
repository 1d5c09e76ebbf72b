import { createContextKey, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR, type Operation } from '@throughline/core/integration'
import { startSend } from '@throughline/core/messaging'
import { suppressTracing } from '@throughline/core/propagation'
import type { Span } from 'bullmq'
import type { JobTracing } from '../options.ts'
import type { JobQueue } from './job.ts'
import { textOf } from './text.ts'

/** Marks the context of a send: only there does BullMQ's request for metadata mean a new job. */
const SENDING = createContextKey('@throughline/worker bullmq send')

export function isSending(context: Context): boolean {
  return context.getValue(SENDING) === true
}

/** The PRODUCER operations of BullMQ that put jobs into a queue, and what they are called in a span. */
const SENDS: ReadonlyMap<unknown, 'send' | 'create'> = new Map([
  ['add', 'send'],
  ['addBulk', 'send'],
  ['addFlow', 'send'],
  ['addBulkFlows', 'send'],
  // One job of a flow: its flow is the send.
  ['addNode', 'create'],
])

/**
 * The span of an `add`. BullMQ names queue and operation only in the first attributes, right after it asked for the span:
 * it starts then, so that name and attributes are there for the sampler. Other operations on a queue have none.
 */
export class SendSpan implements Span<Context> {
  readonly #settings: JobTracing<JobQueue>
  readonly #bullName: string
  #told = false
  #operation: Operation | undefined
  #job: JobQueue | undefined
  #name: 'send' | 'create' = 'send'
  #ignored = false
  #error: unknown

  constructor(settings: JobTracing<JobQueue>, bullName: string) {
    this.#settings = settings
    this.#bullName = bullName
  }

  setAttributes(given: Record<string, unknown>): void {
    if (!this.#told) return this.#start(given)
    const operation = this.#operation
    if (!this.#job || !operation?.recording) return
    const { queue, name, id } = this.#job
    const attributes: Attributes = {}
    const knownId = textOf(given['bullmq.job.id'])
    const knownName = textOf(given['bullmq.job.name'])
    const count = given['bullmq.job.bulk.count']
    if (knownId !== '') attributes[ATTR.messagingMessageId] = knownId
    if (knownName !== '' && knownName !== name) attributes[ATTR.jobName] = knownName
    if (typeof count === 'number') attributes[ATTR.messagingBatchCount] = count
    this.#job = { queue, name: knownName || name, id: knownId || id }
    operation.set(attributes)
  }

  setSpanOnContext(context: Context): Context {
    if (this.#ignored) return suppressTracing(context)
    return this.#operation ? this.#operation.context : context
  }

  recordException(error: unknown): void {
    this.#error = error
  }

  end(): void {
    const operation = this.#operation
    if (!operation || !this.#job) return
    const error = this.#error
    this.#settings.describe(operation, { operation: this.#name, job: this.#job, error })
    if (error === undefined) operation.end()
    else operation.fail(error)
  }

  setAttribute(): void {}
  addEvent(): void {}

  #start(given: Record<string, unknown>): void {
    this.#told = true
    const bullOperation = given['bullmq.queue.operation']
    const operation = SENDS.get(bullOperation)
    if (!operation) return
    const queue = textOf(given['bullmq.queue.name'])
    // `add <queue>.<job>`: the one place where the job's name is known before the span starts.
    const name = bullOperation === 'add' ? this.#bullName.slice(`add ${queue}.`.length) : undefined
    this.#name = operation
    this.#job = { queue, name }
    this.#ignored = this.#settings.ignores(this.#job)
    if (this.#ignored) return
    const attributes: Attributes = { [ATTR.messagingOperationType]: operation }
    if (name) attributes[ATTR.jobName] = name
    const { tracing, system } = this.#settings
    this.#operation = startSend(tracing, {
      system,
      destination: queue,
      operation,
      attributes,
      spanName: this.#settings.nameOf(operation, this.#job),
    })
    this.#operation.carry(SENDING, true)
  }
}
