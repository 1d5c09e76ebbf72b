import { context, type Attributes } from '@opentelemetry/api'
import { ATTR, guard, isIdle, runToEnd } from '@throughline/core/integration'
import { startSettle, type SettleDescription } from '@throughline/core/messaging'
import { isTracingSuppressed } from '@throughline/core/propagation'
import { addOffset } from './message-attributes.ts'
import type { Method } from './method.ts'
import type { ConsumerTracing, KafkaTracing } from './options.ts'
import { failOperation } from './outcome.ts'
import type { TransactionState } from './transaction-state.ts'

type Describe = (args: readonly unknown[]) => SettleDescription | undefined

interface Offset {
  readonly topic?: unknown
  readonly partition?: unknown
  readonly offset?: unknown
}

interface TopicOffsets {
  readonly topic?: unknown
  readonly partitions?: unknown
}

/** The methods that end a transaction. */
export function settleTransaction(
  tracing: KafkaTracing,
  transaction: TransactionState,
): Record<string, (original: Method) => Method> {
  if (!tracing.settling) return {}
  const end = (operation: string): Describe => {
    return () => ({
      system: 'kafka',
      operation,
      destination: transaction.topic,
      links: transaction.links,
      attributes: identityOf(tracing),
    })
  }
  return {
    commit: (original) => tracedSettle(tracing, original, end('commit')),
    abort: (original) => tracedSettle(tracing, original, end('abort')),
    sendOffsets: (original) =>
      tracedSettle(tracing, original, ([sent]) => describeSentOffsets(tracing, sent)),
  }
}

/** `commitOffsets` of a consumer, whose argument is a list of offsets. */
export function settleOffsets(tracing: ConsumerTracing): (original: Method) => Method {
  return (original) =>
    tracedSettle(tracing, original, ([offsets]) =>
      Array.isArray(offsets) && offsets.length > 0
        ? describeCommit(tracing, offsets as Offset[])
        : undefined,
    )
}

/** `commitOffsetsIfNecessary` of a batch: without offsets kafkajs alone knows whether there is anything to commit. */
export function settleBatch(tracing: ConsumerTracing): (original: Method) => Method {
  return (original) =>
    tracedSettle(tracing, original, ([offsets]) => {
      const flat = flatten((offsets as { topics?: unknown } | null | undefined)?.topics)
      return flat.length > 0 ? describeCommit(tracing, flat) : undefined
    })
}

function tracedSettle(tracing: KafkaTracing, original: Method, describe: Describe): Method {
  return function (this: unknown, ...args) {
    const call = (): unknown => original.apply(this, args)
    const { settling } = tracing
    if (!settling || isIdle(tracing) || isTracingSuppressed(context.active())) return call()
    const description = guard('Describing a settlement', describe, args)
    if (!description) return call()
    return runToEnd(startSettle(settling, description), call, { onError: failOperation })
  }
}

function describeCommit(
  tracing: ConsumerTracing,
  offsets: readonly Offset[],
  group: unknown = tracing.groupId,
): SettleDescription {
  const attributes = identityOf(tracing)
  if (typeof group === 'string') attributes[ATTR.messagingGroup] = group
  const [first] = offsets
  if (first && offsets.length === 1) {
    attributes[ATTR.messagingPartition] = String(first.partition)
    addOffset(attributes, first.offset)
  }
  const topic = offsets.every((one) => one.topic === first?.topic) ? first?.topic : undefined
  return {
    system: 'kafka',
    operation: 'commit',
    destination: typeof topic === 'string' ? topic : undefined,
    attributes,
  }
}

function describeSentOffsets(tracing: KafkaTracing, sent: unknown): SettleDescription {
  const { consumerGroupId, topics } = (sent ?? {}) as {
    consumerGroupId?: unknown
    topics?: unknown
  }
  return {
    ...describeCommit(tracing, flatten(topics), consumerGroupId),
    operation: 'send_offsets',
  }
}

function flatten(topics: unknown): Offset[] {
  if (!Array.isArray(topics)) return []
  return (topics as TopicOffsets[]).flatMap(({ topic, partitions }) =>
    Array.isArray(partitions)
      ? (partitions as Offset[]).map(({ partition, offset }) => ({ topic, partition, offset }))
      : [],
  )
}

function identityOf(tracing: KafkaTracing): Attributes {
  const attributes: Attributes = {}
  tracing.identity.addTo(attributes)
  return attributes
}
