import { context, type Context } from '@opentelemetry/api'
import type { Operation } from '@throughline/core/integration'
import { failRequest } from './failure.ts'
import { stepOut } from './step-out.ts'

type Next = (...args: unknown[]) => unknown

/**
 * Runs a middleware with its span active. The span ends when the middleware hands over by `next`, when it throws, or,
 * where it answers itself, when the response is gone.
 */
export function runMiddleware(
  operation: Operation,
  outer: Context,
  args: readonly unknown[],
  call: (args: unknown[]) => unknown,
): unknown {
  const [request, response, next, ...rest] = args as [unknown, unknown, Next, ...unknown[]]
  const handOver: Next = (...given) => {
    if (given[0] instanceof Error) failRequest(given[0], operation)
    else operation.end()
    return context.with(stepOut(operation, outer), next, undefined, ...given)
  }
  endWithResponse(response, operation)
  let result: unknown
  try {
    result = operation.run(() => call([request, response, handOver, ...rest]))
  } catch (error) {
    failRequest(error, operation)
    throw error
  }
  if (!(result instanceof Promise)) return result
  // Settling is not the end: `next` may still be to come, from a callback. Only a rejection is.
  return result.catch((error: unknown) => {
    failRequest(error, operation)
    throw error
  })
}

function endWithResponse(response: unknown, operation: Operation): void {
  const emitter = response as { once?: (event: string, listener: () => void) => unknown } | null
  if (typeof emitter?.once === 'function') emitter.once('close', () => operation.end())
}
