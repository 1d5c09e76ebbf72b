import { guard } from '@throughline/core/integration'
import type { Relation } from '@throughline/core/propagation'
import type { ReceivedMessage } from './client.ts'
import type { KafkaTracing } from './options.ts'

export const RELATIONS: readonly Relation[] = ['parent', 'link', 'none']

export function isIgnored({ ignore }: KafkaTracing, topic: string): boolean {
  return ignore !== undefined && guard('Option "ignore"', ignore, topic) === true
}

/** The name that the user wants, or `undefined` for the conventional one. */
export function spanNameFor(
  tracing: KafkaTracing,
  operation: 'send' | 'process',
  topic: string,
): string | undefined {
  if (!tracing.spanName) return undefined
  const name = guard('Option "spanName"', tracing.spanName, operation, topic)
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** A function that throws or answers nonsense counts as the default. */
export function relationTo(
  tracing: KafkaTracing,
  message: ReceivedMessage,
  topic: string,
): Relation {
  if (typeof tracing.relation !== 'function') return tracing.relation
  const relation = guard('Option "relation"', tracing.relation, message, topic)
  return relation && RELATIONS.includes(relation) ? relation : 'parent'
}
