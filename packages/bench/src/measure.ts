import type { Subject } from './question.ts'

/** What one turn of a subject cost, for one operation, in microseconds. */
export interface Turn {
  /** CPU time of the whole process, all its threads. */
  readonly cpuMicros: number
  /** By the clock. */
  readonly elapsedMicros: number
}

const WARM_UP_MS = 4000
const TURN_MS = 150
/** Few enough that the young objects of all of them fit in beside each other: a collection would take them off the sum. */
const ALLOCATING = 50
/** What takes a server allocates as much as many of the others do. */
const HEAVY = 20
const ALLOCATIONS = 9

/** Runs until the compiler is done, which takes seconds, and answers how many operations fill a turn. */
export async function warmUp(subject: Subject): Promise<number> {
  let times = 16
  const start = performance.now()
  for (;;) {
    const since = performance.now()
    // oxlint-disable-next-line no-await-in-loop
    await subject.run(times)
    const took = performance.now() - since
    if (performance.now() - start > WARM_UP_MS && took >= TURN_MS / 4) {
      return Math.max(1, Math.round((times * TURN_MS) / took))
    }
    if (took < TURN_MS) times *= 2
  }
}

export async function takeTurn(subject: Subject, times: number): Promise<Turn> {
  const since = performance.now()
  const before = process.cpuUsage()
  await subject.run(times)
  const { user, system } = process.cpuUsage(before)
  const elapsed = (performance.now() - since) * 1000
  return { cpuMicros: (user + system) / times, elapsedMicros: elapsed / times }
}

/** Bytes for one operation: the growth of the heap while it is not collected. */
export async function allocated(subject: Subject, fillTurn: number): Promise<number> {
  const times = Math.min(fillTurn, fillTurn < ALLOCATING ? HEAVY : ALLOCATING)
  const growths: number[] = []
  for (let at = 0; at < ALLOCATIONS; at++) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    // oxlint-disable-next-line no-await-in-loop
    await subject.run(times)
    growths.push((process.memoryUsage().heapUsed - before) / times)
  }
  return Math.max(0, median(growths))
}

/** Without the tenth at each end: a collection of garbage counts as often as it happened, a burst of the machine does not. */
export function trimmedMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const cut = Math.round(sorted.length / 10)
  const kept = sorted.slice(cut, sorted.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
