import { performance } from 'node:perf_hooks'
import type { HrTime } from '@opentelemetry/api'

// A step of the wall clock is a second or more, mostly; what lies below this is the jitter of the readings.
const MAX_DRIFT_MS = 50
// So much later at most a step is noticed: a reading of the wall clock for every span would be a tenth of its cost.
const CHECK_EVERY_MS = 10
const MAX_PAUSE_MS = 1

/** The time of the epoch at which the monotonic clock stood at zero, in two parts that lose no digit. */
export interface Anchor {
  readonly seconds: number
  readonly millis: number
}

/** What a clock reads, in milliseconds. */
export interface ClockReadings {
  /** The time of the epoch at which the monotonic clock stood at zero, as far as is known at first. */
  readonly origin: number
  monotonic(): number
  wall(): number
}

const SYSTEM: ClockReadings = {
  origin: performance.timeOrigin,
  monotonic: () => performance.now(),
  wall: () => Date.now(),
}

/**
 * The clock of all spans: the monotonic one, which is finer than a millisecond and never steps, anchored to the wall clock,
 * and anchored anew where the two have drifted apart (the machine was suspended, or its time was set). What keeps to one
 * anchor has its times in order, and durations are right whatever happens to the wall clock meanwhile.
 */
export class Clock {
  readonly #readings: ClockReadings
  #anchor: Anchor
  #checked = -Infinity

  constructor(readings: ClockReadings = SYSTEM) {
    this.#readings = readings
    this.#anchor = anchorAt(readings.origin)
  }

  get anchor(): Anchor {
    return this.#anchor
  }

  /** The reading of the monotonic clock, in milliseconds; `timeAt` makes a time of it. */
  now(): number {
    const now = this.#readings.monotonic()
    const since = now - this.#checked
    if (!(since >= 0 && since < CHECK_EVERY_MS)) this.#check(now)
    return now
  }

  /** An anchor that is not behind the wall clock, for what has a beginning that was read from that one. */
  anchorNotBehind(now: number): Anchor {
    const origin = this.#readings.wall() - now
    return origin > originOf(this.#anchor) ? anchorAt(origin) : this.#anchor
  }

  #check(now: number): void {
    const origin = this.#readings.wall() - now
    this.#checked = now
    if (Math.abs(origin - originOf(this.#anchor)) <= MAX_DRIFT_MS) return
    // Where the thread was put aside between the readings, they say nothing; the next ones will.
    const pause = this.#readings.monotonic() - now
    if (pause > MAX_PAUSE_MS) this.#checked = -Infinity
    else this.#anchor = anchorAt(origin)
  }
}

/** The time at a reading of the monotonic clock. */
export function timeAt(anchor: Anchor, monotonic: number): HrTime {
  const nanos = Math.round((anchor.millis + monotonic) * 1e6)
  const seconds = Math.floor(nanos / 1e9)
  return [anchor.seconds + seconds, nanos - seconds * 1e9]
}

function anchorAt(origin: number): Anchor {
  const seconds = Math.floor(origin / 1000)
  return { seconds, millis: origin - seconds * 1000 }
}

function originOf({ seconds, millis }: Anchor): number {
  return seconds * 1000 + millis
}
