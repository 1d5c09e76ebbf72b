import {
  TraceFlags,
  context,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { randomSpanId, randomTraceId, type Scope } from '@throughline/core/integration'
import { isTracingSuppressed, validSpan } from '@throughline/core/propagation'
import { relay, relayOf } from './relay.ts'
import { ThreadSpan } from './span.ts'

/**
 * Tracing for a thread without an SDK. The decision was made where the trace began: children of a sampled span are
 * recorded and sent there, all others only carry ids on.
 */
export class ThreadTracerProvider implements TracerProvider {
  getTracer(name: string, version?: string): Tracer {
    return new ThreadTracer(version === undefined ? { name } : { name, version })
  }
}

class ThreadTracer implements Tracer {
  readonly #scope: Scope | { readonly name: string }

  constructor(scope: Scope | { readonly name: string }) {
    this.#scope = scope
  }

  startSpan(
    name: string,
    options: SpanOptions = {},
    parentContext: Context = context.active(),
  ): Span {
    const parent = options.root ? undefined : validSpan(parentContext)
    const target = relayOf(parentContext)
    const recording =
      parent !== undefined &&
      target !== undefined &&
      (parent.traceFlags & TraceFlags.SAMPLED) !== 0 &&
      !isTracingSuppressed(parentContext)
    const spanContext: SpanContext = {
      traceId: parent?.traceId ?? randomTraceId(),
      spanId: randomSpanId(),
      traceFlags: recording ? parent.traceFlags : (parent?.traceFlags ?? 0) & ~TraceFlags.SAMPLED,
      ...(parent?.traceState && { traceState: parent.traceState }),
    }
    if (!recording) return trace.wrapSpanContext(spanContext)
    const start = { name, spanContext, parent, scope: this.#scope, options }
    return new ThreadSpan(start, (record) => relay(target, record))
  }

  startActiveSpan<F extends (span: Span) => ReturnType<F>>(
    name: string,
    ...rest: unknown[]
  ): ReturnType<F> {
    const fn = rest.pop() as F
    const [options, given] = rest as [SpanOptions | undefined, Context | undefined]
    const parent = given ?? context.active()
    const span = this.startSpan(name, options, parent)
    return context.with(trace.setSpan(parent, span), () => fn(span))
  }
}
