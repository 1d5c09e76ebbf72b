import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api'

/** Keeps the active context over `await`, timers and callbacks. For threads, where no SDK brings its own. */
export class ThreadContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.call(thisArg, ...args))
  }

  /** Binds functions only: listeners of an event emitter keep the contexts that they are called in. */
  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target
    const run = (thisArg: unknown, args: unknown[]): unknown =>
      this.with(context, target as unknown as (...args: unknown[]) => unknown, thisArg, ...args)
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return run(this, args)
    }
    return Object.defineProperty(bound, 'length', { value: target.length, configurable: true }) as T
  }

  enable(): this {
    return this
  }

  disable(): this {
    this.#storage.disable()
    return this
  }
}
