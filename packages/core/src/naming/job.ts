import { messagingSpanName } from './messaging.ts'

/** `{operation} {queue}`: `process invoices`. A job's id is never in it. */
export function jobSpanName(operation: string, queue: string): string {
  return messagingSpanName(operation, queue)
}

/** `tick {schedule}`: what runs by the clock and not by a message. */
export function tickSpanName(schedule: string): string {
  return jobSpanName('tick', schedule)
}
