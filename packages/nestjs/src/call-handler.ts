import { context, type Context, type SpanOptions, type Tracer } from '@opentelemetry/api'
import type { CallHandler } from '@nestjs/common'
import { startOperation, type Operation } from '@throughline/core/integration'
import { Observable, tap } from 'rxjs'
import { stepOut } from './step-out.ts'

/**
 * The `next` of a traced interceptor. Its span is the interceptor's own work before the handler: it ends at `handle()`,
 * and what follows belongs to the span around it, not to the interceptor's.
 */
export class WatchedCallHandler implements CallHandler {
  readonly #next: CallHandler
  readonly #operation: Operation
  readonly #outer: Context
  /** What the handler answers with, once the interceptor asked. */
  answer: Observable<unknown> | undefined = undefined

  constructor(next: CallHandler, operation: Operation, outer: Context) {
    this.#next = next
    this.#operation = operation
    this.#outer = outer
  }

  handle(): Observable<unknown> {
    this.#operation.end()
    const outer = stepOut(this.#operation, this.#outer)
    this.answer = context.with(outer, () => this.#next.handle())
    return this.answer
  }
}

/**
 * The interceptor's work after the handler, as a span of its own: from the handler's first value until what the
 * interceptor returned has ended. It is active while the interceptor's operators run.
 */
export class AfterHandler {
  readonly #begin: () => Operation
  #operation: Operation | undefined

  constructor(tracer: Tracer, name: string, options: SpanOptions, outer: Context) {
    this.#begin = () => startOperation(tracer, name, options, outer)
  }

  /** Goes around `next`, whose values start the span. */
  around(next: CallHandler): CallHandler {
    return { handle: () => this.#watch(next.handle()) }
  }

  /** Goes around what the interceptor returned, whose end is the end of the span. */
  until(result: Observable<unknown>): Observable<unknown> {
    return result.pipe(
      tap({
        error: () => this.#end(),
        complete: () => this.#end(),
        unsubscribe: () => this.#end(),
      }),
    )
  }

  #watch(source: Observable<unknown>): Observable<unknown> {
    return new Observable((subscriber) =>
      source.subscribe({
        next: (value) => {
          this.#operation ??= this.#begin()
          this.#operation.run(() => subscriber.next(value))
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
  }

  #end(): void {
    this.#operation?.end()
    this.#operation = undefined
  }
}

export function isCallHandler(value: unknown): value is CallHandler {
  return typeof (value as { handle?: unknown } | null | undefined)?.handle === 'function'
}
