import { context, type Context } from '@opentelemetry/api'
import type { Operation } from '@throughline/core/integration'
import { endQuery } from './end.ts'

/**
 * The arguments with the callback, where there is one, bound to its caller: pg calls it in the context of whoever used
 * the connection before. It ends the operation first. The arguments as they are where there is none.
 */
export function bindCallback(
  args: unknown[],
  caller: Context,
  operation: Operation | undefined,
): unknown[] {
  const at = typeof args[2] === 'function' ? 2 : 1
  const callback = args[at]
  if (typeof callback !== 'function') return args
  const bound = args.slice()
  bound[at] = function (this: unknown, ...results: unknown[]): unknown {
    if (operation) endQuery(operation, results[0])
    return context.with(caller, callback as (...results: unknown[]) => unknown, this, ...results)
  }
  return bound
}
