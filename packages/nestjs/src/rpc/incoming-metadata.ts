import { context, createContextKey, type Context } from '@opentelemetry/api'
import { contextWith } from '@throughline/core/integration'
import { methodOf } from '../class-method.ts'
import { likeOriginal, type Method } from '../function-likeness.ts'
import type { Overrides } from '../shadow-prototype.ts'

const METADATA = createContextKey('@throughline/nestjs/incoming-metadata')

/** What the packet of the active message has as `metadata`, where Nest does not tell. */
export function incomingMetadata(active: Context): unknown {
  return active.getValue(METADATA)
}

/**
 * The TCP and Redis servers before Nest 12 do not tell of a packet's `metadata`, so it is read where the packet comes
 * in. `undefined` for all others.
 */
export function metadataMethods(prototype: object): Overrides | undefined {
  const original = methodOf(prototype, 'handleMessage')
  if (!original || methodOf(prototype, 'runWithProcessingHooks')) return undefined
  if (methodOf(prototype, 'getSocketInstance')) return override(original, ([, packet]) => packet)
  if (methodOf(prototype, 'getReplyPattern')) return override(original, ([, text]) => parse(text))
  return undefined
}

function override(original: Method, packetOf: (args: unknown[]) => unknown): Overrides {
  const handleMessage: Method = function (...args) {
    const metadata = (packetOf(args) as { metadata?: unknown } | null | undefined)?.metadata
    const active = context.active()
    if (typeof metadata !== 'object' || metadata === null) return original.apply(this, args)
    const marked = contextWith(active, METADATA, metadata)
    return context.with(marked, () => original.apply(this, args))
  }
  return { handleMessage: likeOriginal(handleMessage, original) }
}

/** Parsed twice, but only what has something to be found in. */
function parse(text: unknown): unknown {
  if (typeof text !== 'string' || !text.includes('"metadata"')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
