import { context, type Context } from '@opentelemetry/api'
import { guard, isIdle, runToEnd } from '@throughline/core/integration'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import { ContextCarrier } from './carry-context.ts'
import { isIgnored } from './hooks.ts'
import type { KafkaTracing } from './options.ts'
import { readBatch, readRecord, type Outgoing } from './outgoing.ts'
import { endTopicSend, failTopicSend } from './send-outcome.ts'
import { describeSends, startTopicSend, type RunningSend, type TopicSend } from './topic-send.ts'
import type { TransactionState } from './transaction-state.ts'

/** How a send is called, and by whom. */
export interface SendCall {
  readonly tracing: KafkaTracing
  readonly isBatch: boolean
  readonly argument: unknown
  /** The transaction that it belongs to, if any. */
  readonly transaction: TransactionState
  readonly call: (argument: unknown) => unknown
}

/**
 * Calls `send` or `sendBatch` with one PRODUCER span for each topic. What kafkajs would reject reaches it untouched and
 * without a span, so that its own rejection appears.
 */
export function callSend(send: SendCall): unknown {
  const { tracing, isBatch, argument, call } = send
  if (isIdle(tracing)) return call(argument)
  const active = context.active()
  if (isTracingSuppressed(active)) return call(argument)
  const outgoing = guard('Reading a send', isBatch ? readBatch : readRecord, argument)
  if (!outgoing) return call(argument)
  const entries = tracing.ignore
    ? outgoing.entries.filter(({ topic }) => !isIgnored(tracing, topic))
    : outgoing.entries
  if (entries.length === 0) return context.with(suppressTracing(active), call, undefined, argument)
  const described = guard('Describing a send', describeSends, tracing, entries, isBatch, active)
  if (!described) return call(argument)
  return runSends(send, outgoing, described, active)
}

function runSends(
  { tracing, argument, call, transaction }: SendCall,
  outgoing: Outgoing,
  described: readonly TopicSend[],
  active: Context,
): unknown {
  const sends = described.map((send) => startTopicSend(tracing, send))
  transaction.note(sends)
  const carrier = new ContextCarrier(tracing, sends)
  const carried = withContext(outgoing, carrier) ?? argument
  // A call of several sends is no one's child, so it stays in the context that it came from.
  const run =
    sends.length === 1 ? () => call(carried) : () => context.with(active, call, undefined, carried)
  return runToEnd(sends[0]!.operation, run, {
    onResult: (result) => {
      for (const send of sends) {
        const sent = carrier.sent.get(send.description.destination)
        settle(send, () => endTopicSend(tracing, send, result, sent))
      }
    },
    onError: (error) => {
      for (const send of sends) settle(send, () => failTopicSend(tracing, send, error))
    },
  })
}

/** The argument to call with; `undefined` where there is nothing to carry. */
function withContext(outgoing: Outgoing, carrier: ContextCarrier): unknown {
  if (!carrier.carries) return undefined
  return guard('Writing the context into messages', outgoing.carrying, carrier.carry)
}

/** A span that fails to be described must not keep the next one from ending. */
function settle(send: RunningSend, describe: () => void): void {
  guard('Describing a send', describe)
  send.operation.end()
}
