import type { Context } from '@opentelemetry/api'
import type { Tracing } from '@throughline/core/integration'
import { writeCarrier, type JobCarrier } from '../carrier.ts'

/** What BullMQ stores with a job, or nothing where there is no context to carry: no SDK, no job that looks different. */
export function metadataOf(tracing: Tracing, context: Context): string {
  const carrier = writeCarrier(tracing, context)
  return carriesContext(carrier) ? JSON.stringify(carrier) : ''
}

function carriesContext(carrier: JobCarrier): boolean {
  for (const field in carrier) if (field !== 'v' && field !== 'at') return true
  return false
}
