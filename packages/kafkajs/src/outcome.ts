import {
  describeError,
  guard,
  type ErrorDescription,
  type Operation,
} from '@throughline/core/integration'
import type { KafkaActivity, KafkaTracing } from './options.ts'

interface KafkaError {
  readonly name?: unknown
  readonly type?: unknown
  readonly cause?: unknown
  readonly message?: unknown
}

/**
 * Describes an error by the name that the Kafka protocol has for it (`UNKNOWN_TOPIC_OR_PARTITION`), which kafkajs wraps
 * when its retries are used up; any other error as it is described everywhere.
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

function unwrap(error: unknown): ErrorDescription | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const outer = error as KafkaError
  const isWrapper = outer.name === 'KafkaJSNumberOfRetriesExceeded'
  const inner = (isWrapper && outer.cause ? outer.cause : outer) as KafkaError
  const isProtocol = typeof inner.name === 'string' && inner.name.startsWith('KafkaJS')
  if (!isProtocol || typeof inner.type !== 'string') return describeError(inner)
  return { type: inner.type, message: typeof inner.message === 'string' ? inner.message : '' }
}
