import type { Processor, SandboxedJob, Worker } from 'bullmq'
import { guard, warnOnce } from '@throughline/core/integration'
import { isTracedTask, type TracedTask } from '../threads/envelope.ts'
import { publishRecords } from '../threads/listener.ts'
import { IPC, IPC_COMMAND } from '../threads/relay.ts'
import { runTask } from '../threads/thread-task.ts'
import { traceTask } from '../threads/trace-task.ts'
import { traceProcessor, type BullMQProcessorOptions } from './processor.ts'

/** What is used of a worker whose processor is a file. BullMQ 5 and 6 have these alike. */
interface Sandboxing {
  processFn: Processor
  readonly childPool?: { retain(file: string): Promise<Child> }
  readonly opts: { readonly useWorkerThreads?: boolean }
}

interface Child {
  on(event: 'message', listener: (message: unknown) => void): unknown
}

type SandboxJob = Parameters<Processor>[0]

/**
 * Traces the jobs of a worker whose processor is a file, as `traceProcessor` does with a function, and hands the context
 * of each attempt over to the process or thread that the file runs in, for `sandboxTask` there. Call it right after the
 * worker is constructed.
 *
 * @example
 * ```ts
 * const worker = traceSandbox(new Worker('labels', file, { connection, telemetry: bullmqTelemetry() }))
 * ```
 */
export function traceSandbox<W extends Worker>(worker: W, options: BullMQProcessorOptions = {}): W {
  const sandboxing = worker as unknown as Sandboxing
  const { processFn: run, childPool } = sandboxing
  if (typeof run !== 'function' || typeof childPool?.retain !== 'function') {
    warnOnce('traceSandbox was given a worker whose processor is no file; it is left as it is')
    return worker
  }
  const inThread = sandboxing.opts.useWorkerThreads === true
  if (!inThread) listenToChildren(childPool)
  async function sandboxed(this: unknown, ...args: Parameters<Processor>): Promise<unknown> {
    const giveBack = guard('Handing a context to a sandbox', lendContext, args[0], inThread)
    try {
      return await run.apply(this, args)
    } finally {
      giveBack?.()
    }
  }
  // A sandbox always takes the signal.
  Object.defineProperty(sandboxed, 'length', { value: 3 })
  sandboxing.processFn = traceProcessor(sandboxed as Processor, options)
  return worker
}

/**
 * Makes the processor in a sandbox's file run in the context of its attempt. Spans that it makes are exported by the
 * process of the worker, unless it has an SDK of its own.
 *
 * @example
 * ```ts
 * export default sandboxTask(async (job) => withSpan('print label', () => print(job.data)))
 * ```
 */
export function sandboxTask<D = any, R = any>(
  processor: (job: SandboxedJob<D, R>, ...rest: any[]) => R | Promise<R>,
): (job: SandboxedJob<D, R>, ...rest: any[]) => R | Promise<R> {
  return function sandboxed(this: unknown, job, ...rest) {
    const run = (): R | Promise<R> => processor.call(this, job, ...rest)
    const task = guard('Reading the context of a sandboxed job', takeTask, job)
    return task ? runTask(task, run) : run()
  }
}

/** Lets the job say the attempt's context where the sandbox reads the job, and nowhere else. */
function lendContext(job: SandboxJob, inThread: boolean): () => void {
  const { counters: _, ...task } = traceTask(job.opts.telemetry?.metadata ?? null)
  const metadata = JSON.stringify(inThread ? task : { ...task, channel: IPC })
  const asJSONSandbox = job.asJSONSandbox.bind(job)
  Object.defineProperty(job, 'asJSONSandbox', {
    configurable: true,
    value: () => {
      const json = asJSONSandbox()
      return { ...json, opts: { ...json.opts, telemetry: { ...job.opts.telemetry, metadata } } }
    },
  })
  return () => void delete (job as { asJSONSandbox?: unknown }).asJSONSandbox
}

function takeTask(job: SandboxedJob): TracedTask<unknown> | undefined {
  const telemetry = job.opts?.telemetry as { metadata?: unknown } | undefined
  if (typeof telemetry?.metadata !== 'string' || !telemetry.metadata.startsWith('{"throughline.'))
    return undefined
  const task: unknown = JSON.parse(telemetry.metadata)
  if (!isTracedTask(task)) return undefined
  telemetry.metadata = task.value ?? undefined
  return task
}

function listenToChildren(childPool: NonNullable<Sandboxing['childPool']>): void {
  const retain = childPool.retain.bind(childPool)
  const known = new WeakSet<Child>()
  childPool.retain = async (file) => {
    const child = await retain(file)
    if (!known.has(child)) child.on('message', takeIn)
    known.add(child)
    return child
  }
}

function takeIn(message: unknown): void {
  const { cmd, records } = (message ?? {}) as { cmd?: unknown; records?: unknown }
  if (cmd === IPC_COMMAND && Array.isArray(records)) publishRecords(records)
}
