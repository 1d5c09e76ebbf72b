import { context, trace, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api'
import { Inject, Injectable } from '@nestjs/common'
import { currentTrace, recordError, type CurrentTrace } from '@throughline/core'
import { runToEnd, startOperation } from '@throughline/core/integration'

/** Injects the tracer that the module makes its spans with: `@Inject(TRACER) tracer: Tracer`. */
export const TRACER: unique symbol = Symbol.for('@throughline/nestjs/tracer') as never

/**
 * Spans by hand, where `@Traced()` is not enough. Injectable wherever `TracingModule` is imported, and everywhere with
 * `isGlobal`.
 */
@Injectable()
export class TraceService {
  /** The tracer that the module makes its spans with. */
  readonly tracer: Tracer

  constructor(@Inject(TRACER) tracer: Tracer) {
    this.tracer = tracer
  }

  /** The span that is active here, or `undefined`. */
  get span(): Span | undefined {
    return trace.getSpan(context.active())
  }

  /** The ids of the trace that is active here, or `undefined`. */
  get currentTrace(): CurrentTrace | undefined {
    return currentTrace()
  }

  /** Starts a span below the active one. Whoever starts it ends it, and it is not active: `withSpan` does both. */
  startSpan(name: string, options: SpanOptions = {}): Span {
    return startOperation(this.tracer, name, options, context.active()).span
  }

  /** Runs `fn` in a span of its own, and ends it at return, or when the promise settles. A throw makes it an error. */
  withSpan<T>(name: string, fn: (span: Span) => T, options: SpanOptions = {}): T {
    const operation = startOperation(this.tracer, name, options, context.active())
    return runToEnd(operation, () => fn(operation.span))
  }

  /** Marks the active span as failed by an error that you handled yourself. */
  recordError(error: unknown): void {
    recordError(error)
  }
}
