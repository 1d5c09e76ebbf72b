import { ROOT_CONTEXT, SpanKind, context, type Context } from '@opentelemetry/api'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { ContextManager, Span, SpanOptions, Telemetry, Tracer } from 'bullmq'
import { readCarrier, writeCarrierText } from '../carrier.ts'
import { resolveJobTracing, type JobTracing, type JobTracingOptions } from '../options.ts'
import type { JobQueue } from './job.ts'
import { ProcessSpan, processSpanOf } from './process-span.ts'
import { SendSpan, isSending } from './send-span.ts'
import { textOf } from './text.ts'

export type BullMQTelemetryOptions = JobTracingOptions<JobQueue>

/** No span, and what runs inside stays in the context it has. */
const NO_SPAN: Span<Context> = {
  setSpanOnContext: (context) => context,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
}

const MOVES: ReadonlySet<unknown> = new Set(['complete', 'retry', 'delay', 'fail'])

/** For BullMQ's own operations, of which only how it moves a job is of interest: to the span of the job's attempt. */
const OWN_OPERATION: Span<Context> = {
  ...NO_SPAN,
  setAttributes(given) {
    const operation = given['bullmq.queue.operation']
    if (!MOVES.has(operation)) return
    const process = processSpanOf(context.active())
    if (process) process.move = textOf(operation)
  },
}

/**
 * The `telemetry` of BullMQ's `Queue`, `FlowProducer` and `Worker`: a span for each send and for each attempt, none for
 * BullMQ's own operations. No metadata that a job carries, however malformed, can hurt a worker.
 *
 * @example
 * ```ts
 * const telemetry = bullmqTelemetry()
 * const queue = new Queue('shipping', { connection, telemetry })
 * const worker = new Worker('shipping', traceProcessor(ship), { connection, telemetry })
 * ```
 */
export function bullmqTelemetry(options: BullMQTelemetryOptions = {}): Telemetry<Context> {
  const settings = resolveJobTracing<JobQueue>('bullmqTelemetry', 'bullmq', options)
  const off = (): boolean => !settings.enabled || isTracingSuppressed(context.active())
  return {
    tracer: {
      startSpan: (name, options, sender) =>
        off() ? NO_SPAN : spanOf(settings, name, options, sender),
    },
    contextManager: contextManager(settings, off),
  } satisfies { tracer: Tracer<Context>; contextManager: ContextManager<Context> }
}

function spanOf(
  settings: JobTracing<JobQueue>,
  name: string,
  options: SpanOptions | undefined,
  sender: Context | undefined,
): Span<Context> {
  // BullMQ's own enum has the numbers of OpenTelemetry's; importing it would load BullMQ.
  const kind: number | undefined = options?.kind
  if (kind === SpanKind.CONSUMER) return new ProcessSpan(settings, sender)
  return kind === SpanKind.PRODUCER ? new SendSpan(settings, name) : OWN_OPERATION
}

function contextManager(
  { tracing }: JobTracing<JobQueue>,
  off: () => boolean,
): ContextManager<Context> {
  // BullMQ reads the metadata of a job twice, and all jobs of a bulk carry the same. What brought nothing is read anew:
  // an SDK may have been registered since.
  let last = ''
  let sender = ROOT_CONTEXT
  function read(text: string): Context {
    if (text === last && sender !== ROOT_CONTEXT) return sender
    sender = readCarrier(tracing, text).sender
    last = text
    return sender
  }
  return {
    active: () => context.active(),
    // BullMQ's own operations stay in the context they have: to enter it once more would only cost.
    with: (ctx, fn) => (ctx === context.active() ? fn() : context.with(ctx, fn)),
    root: () => ROOT_CONTEXT,
    // BullMQ asks for metadata also when it moves a failed job, and would store it: the next attempt would no longer
    // relate to the send.
    getMetadata: (ctx) => (isSending(ctx) ? writeCarrierText(tracing, ctx) : ''),
    fromMetadata: (active, text) => (off() ? active : read(text)),
  }
}
