import type { HrTime, TimeInput } from '@opentelemetry/api'
import { isTimeInputHrTime, millisToHrTime } from '@opentelemetry/core'
import { timeAt, type Anchor, type Clock } from './clock.ts'

/**
 * The time that a caller means, as the SDK understands it: a date, milliseconds since the epoch, a value of
 * `performance.now()`, which is smaller than those, or seconds and nanoseconds. Anything else means now.
 */
export function toTime(input: TimeInput | undefined, anchor: Anchor, clock: Clock): HrTime {
  if (input === undefined) return timeAt(anchor, clock.now())
  if (typeof input === 'number') {
    return input <= clock.now() ? timeAt(anchor, input) : millisToHrTime(input)
  }
  if (input instanceof Date) return millisToHrTime(input.getTime())
  if (isTimeInputHrTime(input)) return [input[0], input[1]]
  return timeAt(anchor, clock.now())
}
