import { BenchProcess } from './bench-process.ts'
import { median, trimmedMean, type Turn } from './measure.ts'
import type { Question } from './question.ts'

/** What a variant costs, over all rounds. */
export interface VariantAnswer {
  readonly variant: string
  readonly cpuMicros: number
  /** By the clock; only of a question that is compared by it. */
  readonly elapsedMicros?: number | undefined
  readonly allocatedBytes: number
  /**
   * What it adds to the base, of what the peer adds: of the medians of both, as a ratio of each round would be at the mercy
   * of one in which the peer happened to add little.
   */
  readonly ratio: number
  readonly budget: number | undefined
}

export interface Answer {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly rounds: number
  readonly base: string | undefined
  readonly peer: string
  readonly variants: readonly VariantAnswer[]
}

/** What one round measured of a variant. */
interface Measurement extends Turn {
  readonly allocatedBytes: number
}

type Round = ReadonlyMap<string, Measurement>

const TURNS = 20

/** Asks a question, each round with fresh processes. */
export async function answer(
  name: string,
  question: Question,
  rounds: number,
  onProgress: (text: string) => void,
): Promise<Answer> {
  const measured: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    onProgress(`${name}: round ${round} of ${rounds}`)
    // oxlint-disable-next-line no-await-in-loop
    measured.push(await measureRound(name, question))
  }
  const { title, unit, base, bases, peer, budgets } = question
  const costOf = (round: Round, variant: string): number => {
    const { cpuMicros, elapsedMicros } = round.get(variant)!
    return question.sharedServer ? elapsedMicros : cpuMicros
  }
  const added = (round: Round, variant: string): number => {
    const without = bases?.[variant] ?? base
    return costOf(round, variant) - (without ? costOf(round, without) : 0)
  }
  const overRounds = (of: (round: Round) => number): number => median(measured.map(of))
  const addedBy = (variant: string): number => overRounds((round) => added(round, variant))
  return {
    name,
    title,
    unit,
    rounds,
    base,
    peer,
    variants: Object.keys(question.variants).map((variant) => ({
      variant,
      cpuMicros: overRounds((round) => round.get(variant)!.cpuMicros),
      elapsedMicros: question.sharedServer
        ? overRounds((round) => round.get(variant)!.elapsedMicros)
        : undefined,
      allocatedBytes: overRounds((round) => round.get(variant)!.allocatedBytes),
      ratio: addedBy(variant) / addedBy(peer),
      budget: budgets[variant],
    })),
  }
}

/**
 * Sets all variants up and lets them take short turns, one at a time: whatever the machine does meanwhile, it does to all
 * of them. The mean of its turns, but for the dearest and the cheapest, is what a variant costs.
 */
async function measureRound(name: string, question: Question): Promise<Round> {
  const processes = await startProcesses(name, question)
  const turns = new Map<string, Turn[]>()
  for (const variant of processes.keys()) turns.set(variant, [])
  for (let turn = 0; turn < (question.turns ?? TURNS); turn++) {
    // The other way round in every second turn, so that none is always the one after the heaviest.
    const order = [...processes]
    for (const [variant, its] of turn % 2 ? order : order.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop
      turns.get(variant)!.push(await its.turn(variant))
    }
  }
  const measured = new Map<string, Measurement>()
  for (const [variant, its] of processes) {
    const taken = turns.get(variant)!
    measured.set(variant, {
      cpuMicros: trimmedMean(taken.map((turn) => turn.cpuMicros)),
      elapsedMicros: trimmedMean(taken.map((turn) => turn.elapsedMicros)),
      // oxlint-disable-next-line no-await-in-loop
      allocatedBytes: await its.allocated(variant),
    })
  }
  for (const one of new Set(processes.values())) await one.close()
  return measured
}

/** The process of each variant. One after the other, as they would be in each other's way while they warm up. */
async function startProcesses(
  name: string,
  { variants, sharedServer }: Question,
): Promise<Map<string, BenchProcess>> {
  const names = Object.keys(variants)
  const processes = new Map<string, BenchProcess>()
  for (const group of sharedServer ? [names] : names.map((variant) => [variant])) {
    // oxlint-disable-next-line no-await-in-loop
    const started = await BenchProcess.start(name, group)
    for (const variant of group) processes.set(variant, started)
  }
  return processes
}
