import type { JobCarrier } from './carrier.ts'

// For engines that store nothing with a job but its payload.
const KEY = '_throughline'

/** What a payload was, and the carrier that came in it. */
export interface Unpacked {
  readonly payload: unknown
  readonly carrier: unknown
}

/** Puts a carrier into a copy of a payload: of a plain object or of none. Others mean something as they are. */
export function pack(payload: unknown, carrier: JobCarrier): unknown {
  if (payload === null || payload === undefined) return { [KEY]: { ...carrier, alone: 1 } }
  if (typeof payload !== 'object' || Array.isArray(payload)) return payload
  return { ...payload, [KEY]: carrier }
}

/** Takes the carrier out again, so that the application sees its own payload. */
export function unpack(payload: unknown): Unpacked {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, KEY)) {
    return { payload, carrier: undefined }
  }
  const { [KEY]: carrier, ...rest } = payload as Record<string, unknown>
  const alone = (carrier as { alone?: unknown } | null)?.alone === 1
  return { payload: alone ? null : rest, carrier }
}
