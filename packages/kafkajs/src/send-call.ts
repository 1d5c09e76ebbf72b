import { context, type Context } from '@opentelemetry/api'
import { guard, runToEnd } from '@throughline/core/integration'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import { isIgnored, type KafkaTracing } from './options.ts'
import { readBatch, readRecord, type Outgoing } from './outgoing.ts'
import {
  describeSends,
  endTopicSend,
  failTopicSend,
  startTopicSend,
  type RunningSend,
  type TopicSend,
} from './topic-send.ts'

/**
 * Calls `send` or `sendBatch` with one PRODUCER span for each topic. What kafkajs would reject reaches it untouched and
 * without a span, so that its own rejection appears.
 */
export function callSend(
  tracing: KafkaTracing,
  isBatch: boolean,
  argument: unknown,
  call: (argument: unknown) => unknown,
): unknown {
  const active = context.active()
  if (isTracingSuppressed(active)) return call(argument)
  const outgoing = guard('Reading a send', isBatch ? readBatch : readRecord, argument)
  if (!outgoing) return call(argument)
  const entries = tracing.ignore
    ? outgoing.entries.filter(({ topic }) => !isIgnored(tracing, topic))
    : outgoing.entries
  if (entries.length === 0) return context.with(suppressTracing(active), call, undefined, argument)
  const described = guard('Describing a send', describeSends, tracing, entries, isBatch)
  if (!described) return call(argument)
  return runSends(tracing, outgoing, argument, described, active, call)
}

function runSends(
  tracing: KafkaTracing,
  outgoing: Outgoing,
  argument: unknown,
  described: readonly TopicSend[],
  active: Context,
  call: (argument: unknown) => unknown,
): unknown {
  const sends = described.map((send) => startTopicSend(tracing, send))
  const carried = withContext(outgoing, sends) ?? argument
  // A call of several sends is no one's child, so it stays in the context that it came from.
  const run =
    sends.length === 1 ? () => call(carried) : () => context.with(active, call, undefined, carried)
  return runToEnd(sends[0]!.operation, run, {
    onResult: (result) => {
      for (const send of sends) settle(endTopicSend, tracing, send, result)
    },
    onError: (error) => {
      for (const send of sends) settle(failTopicSend, tracing, send, error)
    },
  })
}

/** The argument to call with; `undefined` where there is nothing to carry, such as with no SDK registered. */
function withContext(outgoing: Outgoing, sends: readonly RunningSend[]): unknown {
  if (sends.every(({ fields }) => Object.keys(fields).length === 0)) return undefined
  const byTopic = new Map(sends.map((send) => [send.description.destination, send]))
  return guard('Writing the context into messages', outgoing.withContext, byTopic)
}

/** A span that fails to be described must not keep the next one from ending. */
function settle(
  end: typeof endTopicSend,
  tracing: KafkaTracing,
  send: RunningSend,
  outcome: unknown,
): void {
  guard('Describing a send', end, tracing, send, outcome)
  send.operation.end()
}
