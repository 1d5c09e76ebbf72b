import type { HrTime } from '@opentelemetry/api'
import { Clock, timeAt } from '../../src/span/clock.ts'

/** A clock whose readings a test sets. It begins at a whole second of the wall clock. */
export interface SettableClock {
  readonly clock: Clock
  /** Lets so many milliseconds pass. */
  readonly pass: (milliseconds: number) => void
  /** Sets the wall clock forward, or back; the monotonic one does not notice. */
  readonly setWall: (milliseconds: number) => void
  readonly time: () => HrTime
}

export function settableClock(): SettableClock {
  const origin = 1_800_000_000_000
  let [monotonic, wall] = [0, origin]
  const clock = new Clock({
    origin,
    monotonic: () => monotonic,
    wall: () => Math.trunc(wall),
  })
  return {
    clock,
    pass(milliseconds) {
      monotonic += milliseconds
      wall += milliseconds
    },
    setWall(milliseconds) {
      wall += milliseconds
    },
    time() {
      const now = clock.now()
      return timeAt(clock.anchor, now)
    },
  }
}
