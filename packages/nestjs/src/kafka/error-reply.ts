import { context, trace, type Context } from '@opentelemetry/api'
import type { MessageHandler } from '@nestjs/microservices'
import { Operation, describeError } from '@throughline/core/integration'
import { isObservable, tap } from 'rxjs'
import { isExpectedError } from '../expected-error.ts'
import { activeRpcCall } from '../rpc/rpc-call.ts'

/**
 * Makes the message's span an error where the reply is one. To kafkajs such a message was processed well: Nest sends the
 * error to the caller and reports nothing.
 */
export function noteErrorReplies(handler: MessageHandler): MessageHandler {
  return async (data, ctx) => {
    const active = context.active()
    const result: unknown = await handler(data, ctx)
    if (!isObservable(result)) return result
    return result.pipe(tap({ error: () => noteErrorReply(active) }))
  }
}

function noteErrorReply(active: Context): void {
  const call = activeRpcCall(active)
  const span = trace.getSpan(active)
  if (!call?.failed || !span?.isRecording() || isExpectedError(call.error)) return
  new Operation(span, active).error(describeError(call.error))
}
