import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  createContextKey,
  propagation,
  trace,
  type Context,
} from '@opentelemetry/api'
import { contextWithSpan } from '@throughline/core/integration'
import type { Span, SpanOptions, Telemetry } from 'bullmq'

const NO_SPAN: Span<Context> = {
  setSpanOnContext: (ctx) => ctx,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
}

/** BullMQ's own enum has the numbers of OpenTelemetry's. `undefined` for its operations that are neither send nor attempt. */
function kindOf(options: SpanOptions | undefined): SpanKind | undefined {
  const kind: number | undefined = options?.kind
  return kind === SpanKind.PRODUCER || kind === SpanKind.CONSUMER ? kind : undefined
}

/** What BullMQ itself spends on telemetry, whoever provides it. */
export const IDLE_TELEMETRY: Telemetry<Context> = {
  tracer: { startSpan: () => NO_SPAN },
  contextManager: {
    active: () => ROOT_CONTEXT,
    with: (_, fn) => fn(),
    root: () => ROOT_CONTEXT,
    getMetadata: () => '',
    fromMetadata: () => ROOT_CONTEXT,
  },
}

const CARRIED = ROOT_CONTEXT.setValue(createContextKey('bench'), true)
const CARRYING_SPAN: Span<Context> = { ...NO_SPAN, setSpanOnContext: () => CARRIED }
const METADATA = JSON.stringify({ v: 1, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })

/** What a context costs that comes along with the job and is entered for the send and the attempt, and no span at all. */
export const CARRYING_TELEMETRY: Telemetry<Context> = {
  tracer: {
    startSpan: (_, options) => (kindOf(options) === undefined ? NO_SPAN : CARRYING_SPAN),
  },
  contextManager: {
    active: () => context.active(),
    with: (ctx, fn) => (ctx === context.active() ? fn() : context.with(ctx, fn)),
    root: () => ROOT_CONTEXT,
    getMetadata: () => METADATA,
    fromMetadata: () => ROOT_CONTEXT,
  },
}

/** The least that two spans a job can cost: without an attribute, with the context carried. */
export function bareTelemetry(): Telemetry<Context> {
  const tracer = trace.getTracer('bench')
  return {
    tracer: {
      startSpan(name, options, sender) {
        const kind = kindOf(options)
        if (kind === undefined) return NO_SPAN
        const span = tracer.startSpan(name, { kind }, sender)
        return {
          ...NO_SPAN,
          setSpanOnContext: (ctx) => contextWithSpan(ctx, span),
          end: () => span.end(),
        }
      },
    },
    contextManager: {
      active: () => context.active(),
      with: (ctx, fn) => context.with(ctx, fn),
      root: () => ROOT_CONTEXT,
      getMetadata(ctx) {
        const carrier = {}
        propagation.inject(ctx, carrier)
        return JSON.stringify(carrier)
      },
      fromMetadata: (ctx, text) => propagation.extract(ctx, JSON.parse(text)),
    },
  }
}
