/** Shared between threads: how many spans are on their way, and how many were dropped. */
export type RelayCounters = Int32Array<SharedArrayBuffer>

const ON_THE_WAY = 0
const DROPPED = 1

/** A listening thread that is busy has no more than these to take in when it comes back. */
export const MAX_ON_THE_WAY = 65_536

export function createCounters(): RelayCounters {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** Takes room for so many spans, or counts them as dropped. */
export function takeRoom(counters: RelayCounters, count: number): boolean {
  if (Atomics.add(counters, ON_THE_WAY, count) + count <= MAX_ON_THE_WAY) return true
  Atomics.sub(counters, ON_THE_WAY, count)
  Atomics.add(counters, DROPPED, count)
  return false
}

export function giveRoom(counters: RelayCounters, count: number): void {
  Atomics.sub(counters, ON_THE_WAY, count)
}

export function droppedOf(counters: RelayCounters): number {
  return Atomics.load(counters, DROPPED)
}

export function isCounters(value: unknown): value is RelayCounters {
  return value instanceof Int32Array && value.buffer instanceof SharedArrayBuffer
}
