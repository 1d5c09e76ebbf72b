import { context, trace, type Context } from '@opentelemetry/api'
import type { CallHandler } from '@nestjs/common'
import type { Operation } from '@throughline/core/integration'
import type { Observable } from 'rxjs'

/**
 * The `next` of a traced interceptor. Its span is the interceptor's own work before the handler: it ends at `handle()`,
 * and what follows belongs to the span around it, not to the interceptor's.
 */
export class WatchedCallHandler implements CallHandler {
  readonly #next: CallHandler
  readonly #operation: Operation
  readonly #outer: Context

  constructor(next: CallHandler, operation: Operation, outer: Context) {
    this.#next = next
    this.#operation = operation
    this.#outer = outer
  }

  handle(): Observable<unknown> {
    this.#operation.end()
    return context.with(this.#outside(), () => this.#next.handle())
  }

  /** The context that the interceptor made for its handler, without our span where that is still the active one. */
  #outside(): Context {
    const active = context.active()
    const outer = trace.getSpan(this.#outer)
    if (!outer || trace.getSpan(active) !== this.#operation.span) return active
    return trace.setSpan(active, outer)
  }
}

export function isCallHandler(value: unknown): value is CallHandler {
  return typeof (value as { handle?: unknown } | null | undefined)?.handle === 'function'
}
