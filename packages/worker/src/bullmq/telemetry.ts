import { ROOT_CONTEXT, SpanKind, context, type Context } from '@opentelemetry/api'
import { isTracingSuppressed } from '@throughline/core/propagation'
import type { ContextManager, Span, SpanOptions, Telemetry, Tracer } from 'bullmq'
import { readCarrier } from '../carrier.ts'
import { resolveJobTracing, type JobTracing, type JobTracingOptions } from '../options.ts'
import type { JobQueue } from './job.ts'
import { metadataOf } from './metadata.ts'
import { ProcessSpan, processSpanOf } from './process-span.ts'
import { SENDS, SendSpan, isSending } from './send-span.ts'

export type BullMQTelemetryOptions = JobTracingOptions<JobQueue>

const MOVES: ReadonlySet<string> = new Set(['complete', 'retry', 'delay', 'fail'])

/** For BullMQ's own operations: no span, and what runs inside stays in the context it has. */
const NO_SPAN: Span<Context> = {
  setSpanOnContext: (context) => context,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
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
      startSpan: (name, kind, sender) => (off() ? NO_SPAN : span(settings, name, kind, sender)),
    },
    contextManager: contextManager(settings, off),
  } satisfies { tracer: Tracer<Context>; contextManager: ContextManager<Context> }
}

function span(
  settings: JobTracing<JobQueue>,
  name: string,
  options: SpanOptions | undefined,
  sender: Context | undefined,
): Span<Context> {
  // BullMQ's own enum has the numbers of OpenTelemetry's; importing it would load BullMQ.
  const kind: number | undefined = options?.kind
  const operation = name.slice(0, Math.max(name.indexOf(' '), 0)) || name
  if (kind === SpanKind.CONSUMER) return new ProcessSpan(settings, sender)
  if (kind === SpanKind.PRODUCER && SENDS.has(operation)) return new SendSpan(settings, name)
  if (MOVES.has(operation)) {
    const process = processSpanOf(context.active())
    if (process) process.move = operation
  }
  return NO_SPAN
}

function contextManager(
  { tracing }: JobTracing<JobQueue>,
  off: () => boolean,
): ContextManager<Context> {
  return {
    active: () => context.active(),
    with: (ctx, fn) => context.with(ctx, fn),
    root: () => ROOT_CONTEXT,
    // BullMQ asks for metadata also when it moves a failed job, and would store it: the next attempt would no longer
    // relate to the send.
    getMetadata: (ctx) => (isSending(ctx) ? metadataOf(tracing, ctx) : ''),
    fromMetadata: (active, text) => (off() ? active : readCarrier(tracing, text).sender),
  }
}
