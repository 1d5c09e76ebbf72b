import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  propagation,
  trace,
  type Context,
} from '@opentelemetry/api'
import { contextWithSpan } from '@throughline/core/integration'
import type { Span, Telemetry } from 'bullmq'

const NO_SPAN: Span<Context> = {
  setSpanOnContext: (ctx) => ctx,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
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

/** The least that two spans a job can cost: without an attribute, with the context carried. */
export function bareTelemetry(): Telemetry<Context> {
  const tracer = trace.getTracer('bench')
  return {
    tracer: {
      startSpan(name, options, sender) {
        const kind: number | undefined = options?.kind
        if (kind !== SpanKind.PRODUCER && kind !== SpanKind.CONSUMER) return NO_SPAN
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
