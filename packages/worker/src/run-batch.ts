import { ROOT_CONTEXT, type Attributes, type Context } from '@opentelemetry/api'
import { ATTR, runToEnd, type Operation } from '@throughline/core/integration'
import { BatchLinks, startBatch, startProcess } from '@throughline/core/messaging'
import { linksTo } from '@throughline/core/propagation'
import { Attempt, type JobAttempt } from './attempt.ts'
import { readCarrier } from './carrier.ts'
import type { BatchedJob, JobBatch, JobToEnqueue, JobToProcess } from './job.ts'
import { processAttributes } from './job-attributes.ts'
import { runIgnored, type JobTracing } from './options.ts'
import { NO_ATTEMPT, runAttempt } from './run-job.ts'
import { judge } from './verdict.ts'

/** Runs one job of a batch, by its index, in a span of its own. */
export type RunItem = <T>(index: number, fn: (attempt: JobAttempt) => T) => T

export const runUntraced: RunItem = (_index, fn) => fn(NO_ATTEMPT)

type Settings = JobTracing<JobToProcess, JobToEnqueue>

/** Runs a batch in its CONSUMER span. */
export function runBatch<T>(settings: Settings, batch: JobBatch, fn: (runItem: RunItem) => T): T {
  const { queue, items } = batch
  const whole: JobToProcess = { queue, name: queue }
  if (settings.ignores(whole)) return runIgnored(() => fn(runUntraced))
  const senders = items.map((item) => readCarrier(settings.tracing, item.carrier).sender)
  const links = new BatchLinks()
  for (const [index, sender] of senders.entries()) addLink(settings, links, batch, index, sender)
  const operation = startBatch(settings.tracing, {
    system: settings.system,
    destination: queue,
    messageCount: items.length,
    links: links.links,
    spanName: settings.nameOf('process', whole),
  })
  const runItem: RunItem = (index, itemFn) => {
    const item = items[index]
    if (!item) return itemFn(NO_ATTEMPT)
    const job = toJob(queue, item)
    const attributes = processAttributes(job, Date.now())
    const started = startItem(settings, operation, job, senders[index]!, attributes)
    const attempt = new Attempt(settings, started, job, attributes[ATTR.jobQueueWait])
    return runAttempt(attempt, started, judge, itemFn)
  }
  return runToEnd(operation, () => fn(runItem), {
    onResult: () => settings.describe(operation, { operation: 'process', job: whole }),
    onError(error) {
      settings.describe(operation, { operation: 'process', job: whole, error })
      operation.fail(error)
    },
  })
}

function addLink(
  settings: Settings,
  links: BatchLinks,
  { queue, items }: JobBatch,
  index: number,
  sender: Context,
): void {
  const item = items[index]!
  if (sender === ROOT_CONTEXT || links.full) return
  if (settings.relationOf(toJob(queue, item)) === 'none') return
  const attributes: Attributes | undefined =
    item.id === undefined ? undefined : { [ATTR.messagingMessageId]: item.id }
  links.add(sender, attributes)
}

// Of the relation "parent" the sender is the parent and the batch a link; else the other way round.
function startItem(
  settings: Settings,
  batch: Operation,
  job: JobToProcess,
  sender: Context,
  attributes: Attributes,
): Operation {
  const relation = settings.relationOf(job)
  const below = relation === 'parent' && linksTo(sender).length > 0
  return startProcess(settings.tracing, {
    system: settings.system,
    destination: job.queue,
    ...(below
      ? { sender, relation, links: linksTo(batch.context) }
      : {
          sender: batch.context,
          relation: 'parent' as const,
          links: relation === 'none' ? [] : linksTo(sender),
        }),
    attributes,
    countDelivery: false,
    spanName: settings.nameOf('process', job),
  })
}

function toJob(queue: string, item: BatchedJob): JobToProcess {
  return { ...item, queue, name: item.name ?? queue }
}
