import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import { guard, isIdle, type Operation } from '@throughline/core/integration'
import { DeliveryAttempts } from '@throughline/core/messaging'
import { isTracingSuppressed, runDetached } from '@throughline/core/propagation'
import type { MessagePayload } from './client.ts'
import { isIgnored } from './hooks.ts'
import type { Method } from './method.ts'
import type { ConsumerTracing } from './options.ts'
import { runIgnored, runProcess, startMessage } from './process.ts'

/** One CONSUMER span for each attempt to process a message, from the message's own context. */
export function tracedEachMessage(tracing: ConsumerTracing, handler: Method): Method {
  const attempts = new DeliveryAttempts()
  return function (this: unknown, ...args) {
    if (isIdle(tracing)) return context.with(ROOT_CONTEXT, handler, this, ...args)
    const call = (): unknown => handler.apply(this, args)
    if (isTracingSuppressed(context.active())) return call()
    const payload = args[0] as MessagePayload
    if (isIgnored(tracing, payload?.topic)) return runIgnored(call)
    const operation = guard('Tracing a message', startEachMessage, tracing, payload, attempts)
    // Even with no span, the handler must not run in the context of whoever called `run`.
    if (!operation) return runDetached(call)
    return runProcess(tracing, operation, payload.topic, [payload.message], call)
  }
}

function startEachMessage(
  tracing: ConsumerTracing,
  { topic, partition, message }: MessagePayload,
  attempts: DeliveryAttempts,
): Operation {
  const attempt = attempts.next(topic, partition, Number(message.offset))
  return startMessage(tracing, { topic, partition, message, attempt })
}
