import type { Context } from '@opentelemetry/api'
import type { Tracing } from '@throughline/core/integration'
import { writeCarrier } from '../carrier.ts'

/** What BullMQ stores with a job, or nothing where there is no context to carry: no SDK, no job that looks different. */
export function metadataOf(tracing: Tracing, context: Context): string {
  const carrier = writeCarrier(tracing, context)
  const { v: _, at: __, ...fields } = carrier
  return Object.keys(fields).length > 0 ? JSON.stringify(carrier) : ''
}
