import { guard, warnOnce } from '@throughline/core/integration'
import type { SentMessage } from './client.ts'

/** Where a message went. */
export interface Placement {
  readonly partition: number
  readonly offset: string
}

interface RecordMetadata {
  readonly topicName?: unknown
  readonly partition?: unknown
  readonly baseOffset?: unknown
}

type Partitioner = (args: { message: object }) => unknown
type CreatePartitioner = (...args: unknown[]) => Partitioner

/** The last partition that a message was given; a retry may give it another. */
const partitions = new WeakMap<object, number>()

/** The configuration of a producer whose partitioner notes what it decides. */
export function notingPartitions(config: unknown): unknown {
  const create = (config as { createPartitioner?: unknown } | null | undefined)?.createPartitioner
  if (typeof create !== 'function') {
    // One of ours would silence the warning that kafkajs gives without one, and its own cannot be reached from here.
    warnOnce(
      'capturePlacement: a producer without `createPartitioner` does not tell where the messages of a send to several ' +
        'partitions went; pass `Partitioners.DefaultPartitioner`',
    )
    return config
  }
  return { ...(config as object), createPartitioner: noting(create as CreatePartitioner) }
}

function noting(create: CreatePartitioner): CreatePartitioner {
  return (...createArgs) => {
    const partitioner = create(...createArgs)
    return (...args) => {
      const partition = partitioner(...args)
      guard('Noting a partition', note, args[0].message, partition)
      return partition
    }
  }
}

function note(message: object, partition: unknown): void {
  if (typeof partition === 'number') partitions.set(message, partition)
}

/** The entries of a result that are about a topic: kafkajs answers with one for each partition, none at `acks: 0`. */
export function entriesOf(result: unknown, topic: string): readonly RecordMetadata[] {
  if (!Array.isArray(result)) return []
  return (result as RecordMetadata[]).filter((entry) => entry?.topicName === topic)
}

/**
 * Where each message went: within a partition the broker keeps their order, so that the n-th has the n-th offset.
 *
 * @param messages - the very objects that were given to kafkajs
 */
export function placementsOf(
  messages: readonly SentMessage[],
  entries: readonly RecordMetadata[],
): (Placement | undefined)[] {
  const only = entries.length === 1 ? entries[0]!.partition : undefined
  const next = new Map<unknown, bigint>()
  for (const { partition, baseOffset } of entries) {
    if (typeof baseOffset === 'string' && baseOffset !== '-1') {
      next.set(partition, BigInt(baseOffset))
    }
  }
  return messages.map((message) => {
    const partition = only ?? partitions.get(message)
    const offset = next.get(partition)
    if (typeof partition !== 'number' || offset === undefined) return undefined
    next.set(partition, offset + 1n)
    return { partition, offset: String(offset) }
  })
}
