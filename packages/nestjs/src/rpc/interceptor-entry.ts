import type { ExecutionContext } from '@nestjs/common'
import { describeMessage } from './message.ts'
import type { RpcProcess, RpcTracer } from './rpc-tracer.ts'

const EVENT = 2

/**
 * The message of a microservice's handler whose server told of none: before Nest 11.1.4 the first that sees a message is
 * an interceptor. `undefined` where there is nothing to trace.
 */
export function startedByInterceptor(
  tracer: RpcTracer,
  execution: ExecutionContext,
): RpcProcess | undefined {
  const args = execution.getArgs<unknown[]>()
  // gRPC hands over data, metadata and call; the others data and context.
  const source = args.length > 2 ? args[2] : args[1]
  if (typeof source !== 'object' || source === null) return undefined
  const type: unknown = Reflect.getMetadata('microservices:handler_type', execution.getHandler())
  const patterns: unknown = Reflect.getMetadata('microservices:pattern', execution.getHandler())
  const message = describeMessage(source, new Map(patternsOf(patterns, type === EVENT)))
  return message && tracer.start({ ...message, isEvent: type === EVENT })
}

function patternsOf(patterns: unknown, isEventHandler: boolean): [string, object][] {
  const list: unknown[] = Array.isArray(patterns) ? patterns : [patterns]
  return list
    .filter((pattern) => typeof pattern === 'string')
    .map((pattern) => [pattern, { isEventHandler }])
}
