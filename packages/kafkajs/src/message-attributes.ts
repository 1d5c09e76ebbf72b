import { isUtf8 } from 'node:buffer'
import type { Attributes } from '@opentelemetry/api'
import { ATTR, guard } from '@throughline/core/integration'
import type { KafkaTracing } from './options.ts'

/** Longer keys are left out: no attribute may cost unbounded work. */
const MAX_KEY_LENGTH = 1024

interface Message {
  readonly key?: unknown
  readonly value: unknown
}

/** Adds what is known of a single message from the message itself. */
export function addMessage(
  attributes: Attributes,
  tracing: KafkaTracing,
  topic: string,
  message: Message,
): void {
  if (message.value === null) attributes[ATTR.kafkaTombstone] = true
  addKey(attributes, tracing, topic, message.key)
}

/** A binary key has no canonical text, and then the conventions ask for no attribute, unless the user has one for it. */
export function addKey(
  attributes: Attributes,
  tracing: KafkaTracing,
  topic: string,
  key: unknown,
): void {
  if (!tracing.captureKey || key === null || key === undefined) return
  const { keySerializer } = tracing
  const text = keySerializer
    ? guard('Option "keySerializer"', keySerializer, key, topic)
    : textOf(key, MAX_KEY_LENGTH)
  if (typeof text === 'string' && text.length <= MAX_KEY_LENGTH) attributes[ATTR.kafkaKey] = text
}

/** Offsets arrive as text because they have 64 bits; those that a number cannot hold are left out. */
export function addOffset(attributes: Attributes, offset: unknown): void {
  const number = offsetOf(offset)
  if (number !== undefined) attributes[ATTR.kafkaOffset] = number
}

export function offsetOf(offset: unknown): number | undefined {
  if (typeof offset !== 'string' || offset === '') return undefined
  const number = Number(offset)
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

/** Adds the headers that the user wants. A sampler may go by them, so they belong to the start of a span. */
export function addHeaders(attributes: Attributes, tracing: KafkaTracing, headers: unknown): void {
  if (tracing.headerKeys.length === 0 || typeof headers !== 'object' || headers === null) return
  for (const [header, attribute] of tracing.headerKeys) {
    if (!Object.hasOwn(headers, header)) continue
    const value = (headers as Record<string, unknown>)[header]
    const texts = (Array.isArray(value) ? value : [value]).map((part) => textOf(part, Infinity))
    attributes[attribute] = texts.filter((text) => text !== undefined)
  }
}

function textOf(value: unknown, maxLength: number): string | undefined {
  if (typeof value === 'string') return value.length <= maxLength ? value : undefined
  if (!(value instanceof Uint8Array) || value.length > maxLength) return undefined
  let ascii = true
  // A number in binary is valid UTF-8 more often than not, but it has control characters.
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]!
    if (byte < 32 || byte === 127) return undefined
    if (byte > 127) ascii = false
  }
  if (!ascii && !isUtf8(value)) return undefined
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.length)
  return bytes.toString()
}
