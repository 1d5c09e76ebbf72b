import { context, type Context } from '@opentelemetry/api'
import type { Operation } from '@throughline/core/integration'
import { Subscriber, type Observable } from 'rxjs'

/** What to do with the error of a source; must end the operation. */
export type Fail = (error: unknown, operation: Operation) => void

/**
 * Subscribes to what `source` returns with the operation's span active, and ends the operation once: when the source
 * completes or fails, or when the subscriber leaves. Values go on in the subscriber's own context, whatever emitted them.
 */
export function subscribeWithin<T>(
  operation: Operation,
  source: () => Observable<T>,
  destination: Subscriber<T>,
  fail: Fail,
): void {
  const subscriber = new OperationSubscriber(destination, operation, context.active(), fail)
  try {
    operation.run(() => source().subscribe(subscriber))
  } catch (error) {
    subscriber.error(error)
  }
}

// What every subscriber does, taken once, so that no closure is made for each value.
const {
  _next: passNext,
  _error: passError,
  _complete: passComplete,
} = Subscriber.prototype as unknown as Record<'_next' | '_error' | '_complete', Pass>

type Pass = (this: unknown, value?: unknown) => void

class OperationSubscriber<T> extends Subscriber<T> {
  readonly #operation: Operation
  readonly #outer: Context
  readonly #fail: Fail

  constructor(destination: Subscriber<T>, operation: Operation, outer: Context, fail: Fail) {
    super(destination)
    this.#operation = operation
    this.#outer = outer
    this.#fail = fail
  }

  protected override _next(value: T): void {
    context.with(this.#outer, passNext, this, value)
  }

  protected override _error(error: unknown): void {
    this.#fail(error, this.#operation)
    context.with(this.#outer, passError, this, error)
  }

  protected override _complete(): void {
    this.#operation.end()
    context.with(this.#outer, passComplete, this)
  }

  override unsubscribe(): void {
    super.unsubscribe()
    this.#operation.end()
  }
}
