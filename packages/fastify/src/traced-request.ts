import type { ServerRequest } from '@throughline/core/http'
import type { FastifyRequest } from 'fastify'

/** The slot of a request for its trace: `null` until it was looked at, `undefined` where it is not traced. */
export const kTraced: unique symbol = Symbol('throughline.traced') as never

export type Slotted = FastifyRequest & { [kTraced]: ServerRequest | undefined | null }

/** The trace of what may be a Fastify request. */
export function tracedRequest(candidate: unknown): ServerRequest | undefined {
  return (candidate as Partial<Slotted> | null | undefined)?.[kTraced] ?? undefined
}
