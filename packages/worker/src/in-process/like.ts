type AnyFunction = (...args: never[]) => unknown

/**
 * Makes a wrapper look like the function in it: queues look at the length, and `async` also at whether a function is an
 * async one, which then gets no callback.
 */
export function like<F>(wrapper: F, fn: AnyFunction): F {
  if (fn.length > 0) Object.defineProperty(wrapper, 'length', { value: fn.length })
  const tag = (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  if (tag !== undefined) Object.defineProperty(wrapper, Symbol.toStringTag, { value: tag })
  return wrapper
}
