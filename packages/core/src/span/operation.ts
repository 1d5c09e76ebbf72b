import {
  SpanStatusCode,
  context,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
  type TimeInput,
  type Tracer,
} from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { report } from '../guard.ts'
import { contextWith, contextWithSpan } from '../propagation/layered-context.ts'
import { describeError, type ErrorDescription } from './error-description.ts'
import { recordException } from './exception.ts'

/** What measures an operation, sampled or not; told once, when it ends. */
export interface Measurement {
  end(operation: Operation): void
}

/**
 * A span with the context that it is active in. It starts from an explicit parent, ends exactly once on every path, and
 * no fault of an SDK (a sampler or a processor that throws) gets out of it.
 */
export class Operation {
  readonly span: Span
  readonly #outer: Span | undefined
  #context: Context
  #ended = false
  #errorType: string | undefined
  #measurement: Measurement | undefined

  /** @param outer - the span that it is started in */
  constructor(span: Span, context: Context, outer?: Span) {
    this.span = span
    this.#context = context
    this.#outer = outer
  }

  /** The context in which the span is active. */
  get context(): Context {
    return this.#context
  }

  /** Adds a value to its context, before anything runs in it. */
  carry(key: symbol, value: unknown): void {
    this.#context = contextWith(this.#context, key, value)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The `error.type` that it was marked with, also where the span is not recorded. */
  get errorType(): string | undefined {
    return this.#errorType
  }

  /** Has the operation measured as well. */
  measure(measurement: Measurement): void {
    this.#measurement = measurement
  }

  /** Whether attributes given now are kept: the span is sampled or recorded and has not ended. */
  get recording(): boolean {
    return !this.#ended && this.span.isRecording()
  }

  /** Runs `fn` with this span active. */
  run<T>(fn: () => T): T {
    return context.with(this.context, fn)
  }

  set(attributes: Attributes | undefined): void {
    if (attributes && !this.#ended) this.span.setAttributes(attributes)
  }

  /** Ends the span as failed: status ERROR, `error.type`, the message, and the exception, recorded once. */
  fail(error: unknown, description: ErrorDescription = describeError(error)): void {
    if (this.#ended) return
    this.error(description)
    this.recordException(error)
    this.end()
  }

  /** Records an exception, once however many spans it passes; the span goes on. */
  recordException(error: unknown): void {
    try {
      if (this.recording) recordException(this.span, this.context, error, this.#outer)
    } catch (fault) {
      report('Recording an exception', fault)
    }
  }

  /** Marks the span as failed without an exception: an outcome such as a status 500 or a lost connection. */
  error(description: { readonly type: string; readonly message?: string }): void {
    if (this.#ended) return
    const { type, message } = description
    this.#errorType = type
    this.span.setAttribute(ATTR.errorType, type)
    this.span.setStatus(
      message ? { code: SpanStatusCode.ERROR, message } : { code: SpanStatusCode.ERROR },
    )
  }

  end(endTime?: TimeInput): void {
    if (this.#ended) return
    this.#ended = true
    try {
      this.#measurement?.end(this)
    } catch (fault) {
      report('Recording a metric', fault)
    }
    try {
      this.span.end(endTime)
    } catch (fault) {
      report('Ending a span', fault)
    }
  }
}

/** Starts an operation. A tracer that throws costs the span, never the caller. */
export function startOperation(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  parent: Context,
): Operation {
  try {
    const span = tracer.startSpan(name, options, parent)
    return new Operation(span, contextWithSpan(parent, span), trace.getSpan(parent))
  } catch (fault) {
    report('Starting a span', fault)
    const span = trace.wrapSpanContext(trace.getSpanContext(parent) ?? NO_SPAN)
    return new Operation(span, parent)
  }
}

const NO_SPAN = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }
