import { isUtf8 } from 'node:buffer'
import type { Attributes } from '@opentelemetry/api'
import { ATTR } from '@throughline/core/integration'
import type { KafkaTracing } from './options.ts'

/** Longer keys are left out: no attribute may cost unbounded work. */
const MAX_KEY_LENGTH = 1024

interface Message {
  readonly key?: unknown
  readonly value: unknown
  readonly headers?: unknown
}

/** Adds what is known of a single message from the message itself. */
export function addMessage(attributes: Attributes, tracing: KafkaTracing, message: Message): void {
  if (message.value === null) attributes[ATTR.kafkaTombstone] = true
  addKey(attributes, tracing, message.key)
  const { headers } = message
  if (tracing.headerKeys.length === 0 || typeof headers !== 'object' || headers === null) return
  for (const [header, attribute] of tracing.headerKeys) {
    if (!Object.hasOwn(headers, header)) continue
    const value = (headers as Record<string, unknown>)[header]
    const texts = (Array.isArray(value) ? value : [value]).map(textOf)
    attributes[attribute] = texts.filter((text) => text !== undefined)
  }
}

/** A binary key has no canonical text, and then the conventions ask for no attribute. */
export function addKey(attributes: Attributes, tracing: KafkaTracing, key: unknown): void {
  if (!tracing.captureKey || key === null || key === undefined) return
  const length = (key as { length?: number }).length ?? 0
  const text = length <= MAX_KEY_LENGTH ? textOf(key) : undefined
  if (text !== undefined) attributes[ATTR.kafkaKey] = text
}

/** Offsets arrive as text because they have 64 bits; those that a number cannot hold are left out. */
export function addOffset(attributes: Attributes, offset: unknown): void {
  if (typeof offset !== 'string' || offset === '') return
  const number = Number(offset)
  if (Number.isSafeInteger(number) && number >= 0) attributes[ATTR.kafkaOffset] = number
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!(value instanceof Uint8Array) || !isUtf8(value) || value.some(isControl)) return undefined
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
}

// A number in binary is valid UTF-8 more often than not, but it has control characters.
function isControl(byte: number): boolean {
  return byte < 32 || byte === 127
}
