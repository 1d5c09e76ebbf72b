import type { HrTime, TimeInput } from '@opentelemetry/api'

const MAX_DRIFT_MS = 50
let origin = performance.timeOrigin

/** Milliseconds since the epoch: as fine as the monotonic clock, as right as the system's, whichever is set meanwhile. */
function now(): number {
  const fine = origin + performance.now()
  const wall = Date.now()
  if (Math.abs(wall - fine) < MAX_DRIFT_MS) return fine
  origin = wall - performance.now()
  return wall
}

/** A time as the api's users give it: `HrTime`, `Date`, milliseconds since the epoch or since this thread began. */
export function toHrTime(time: TimeInput | undefined): HrTime {
  if (Array.isArray(time)) return [time[0], time[1]]
  if (time instanceof Date) return split(time.getTime())
  if (typeof time !== 'number' || !Number.isFinite(time)) return split(now())
  return split(time < performance.timeOrigin ? performance.timeOrigin + time : time)
}

function split(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
