import {
  describeError,
  guard,
  type ErrorDescription,
  type Operation,
} from '@throughline/core/integration'
import type { KafkaActivity, KafkaTracing } from './options.ts'

/** kafkajs wraps once or twice; a cause may be its own. */
const MAX_DEPTH = 4

interface KafkaError {
  readonly name?: unknown
  readonly type?: unknown
  readonly cause?: unknown
  readonly message?: unknown
}

/**
 * Describes an error by the name that the Kafka protocol has for it (`UNKNOWN_TOPIC_OR_PARTITION`). kafkajs wraps what it
 * gave up on in errors of its own, so it is their cause that counts.
 */
export function describeKafkaError(error: unknown): ErrorDescription {
  return guard('Describing an error', unwrap, error) ?? describeError(error)
}

/** Ends the span as failed. */
export function failOperation(error: unknown, operation: Operation): void {
  operation.fail(error, describeKafkaError(error))
}

/** Asks the `attributes` option, where there is one and the answer would be kept. */
export function addExtraAttributes(
  tracing: KafkaTracing,
  operation: Operation,
  activity: KafkaActivity,
): void {
  if (!tracing.attributes || !operation.recording) return
  operation.set(guard('Option "attributes"', tracing.attributes, activity))
}

function unwrap(error: unknown): ErrorDescription {
  let inner = error as KafkaError | null | undefined
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (typeof inner?.name !== 'string' || !inner.name.startsWith('KafkaJS')) break
    if (typeof inner.type === 'string') {
      return { type: inner.type, message: typeof inner.message === 'string' ? inner.message : '' }
    }
    if (typeof inner.cause !== 'object' || inner.cause === null) break
    inner = inner.cause
  }
  return describeError(inner)
}
