import type { Subject } from './question.ts'

/** What one process measured, for one operation. */
export interface Measurement {
  /** CPU time of the whole process, all its threads, in microseconds. */
  readonly cpuMicros: number
  /** By the clock; only where subjects were measured in turns. */
  readonly elapsedMicros?: number
  readonly allocatedBytes: number
}

const WARM_UP_MS = 500
const BATCH_MS = 300
const BATCHES = 5
const TURNS = 20
/** What takes a server allocates as much as many of the others do. */
const HEAVY = 20

/**
 * Measures a subject in this process: warm-up, then the median of several batches. CPU time is used and not the clock,
 * because it does not grow when something else runs.
 */
export async function measure(subject: Subject): Promise<Measurement> {
  const times = await warmUp(subject)
  const costs: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = process.cpuUsage()
    await subject.run(times)
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / times)
  }
  return { cpuMicros: median(costs), allocatedBytes: await allocated(subject, times) }
}

/**
 * Measures subjects that share this process and a server, a batch of each in turn, so that whatever the machine and the
 * server do meanwhile they do to all of them.
 */
export async function measureInTurns(
  subjects: ReadonlyMap<string, Subject>,
): Promise<Record<string, Measurement>> {
  let times = Infinity
  for (const subject of subjects.values()) times = Math.min(times, await warmUp(subject))
  const costs = new Map<string, { cpu: number[]; elapsed: number[] }>()
  for (const name of subjects.keys()) costs.set(name, { cpu: [], elapsed: [] })
  for (let turn = 0; turn < TURNS; turn++) {
    // The other way round in every second turn, so that none is always the one after the heaviest.
    const order = [...subjects]
    for (const [name, subject] of turn % 2 ? order : order.toReversed()) {
      const before = process.cpuUsage()
      const since = performance.now()
      await subject.run(times)
      const elapsed = (performance.now() - since) * 1000
      const { user, system } = process.cpuUsage(before)
      costs.get(name)!.elapsed.push(elapsed / times)
      costs.get(name)!.cpu.push((user + system) / times)
    }
  }
  const measured: Record<string, Measurement> = {}
  for (const [name, { cpu, elapsed }] of costs) {
    measured[name] = {
      cpuMicros: median(cpu),
      elapsedMicros: median(elapsed),
      allocatedBytes: await allocated(subjects.get(name)!, Math.min(times, HEAVY)),
    }
  }
  return measured
}

/** Runs until the compiler is done, and answers how many operations fill a batch. */
async function warmUp(subject: Subject): Promise<number> {
  let times = 16
  const start = performance.now()
  for (;;) {
    const since = performance.now()
    await subject.run(times)
    const took = performance.now() - since
    if (performance.now() - start > WARM_UP_MS && took >= BATCH_MS / 4) {
      return Math.max(1, Math.round((times * BATCH_MS) / took))
    }
    if (took < BATCH_MS) times *= 2
  }
}

/** Few enough that the young objects of all of them fit in beside each other: a collection would take them off the sum. */
const ALLOCATING = 200

/** Bytes for one operation: the growth of the heap while it is not collected. */
async function allocated(subject: Subject, most: number): Promise<number> {
  const times = Math.min(most, ALLOCATING)
  const growths: number[] = []
  for (let batch = 0; batch < 2 * BATCHES; batch++) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    await subject.run(times)
    growths.push((process.memoryUsage().heapUsed - before) / times)
  }
  return Math.max(0, median(growths))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
