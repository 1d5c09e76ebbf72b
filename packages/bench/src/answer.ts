import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, type Measurement } from './measure.ts'
import type { Question } from './question.ts'

/** What a variant costs, over all rounds. */
export interface VariantAnswer {
  readonly variant: string
  readonly cpuMicros: number
  /** By the clock; only of a question whose variants take turns. */
  readonly elapsedMicros?: number | undefined
  readonly allocatedBytes: number
  /** What it costs of what the peer costs: the median of the ratios within each round. */
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

/** Asks a question: every variant in each round, one after the other, each in a fresh process unless they take turns. */
export async function answer(
  name: string,
  question: Question,
  rounds: number,
  onProgress: (text: string) => void,
): Promise<Answer> {
  const names = Object.keys(question.variants)
  const measured: Map<string, Measurement>[] = []
  for (let round = 0; round < rounds; round++) {
    const where = `(round ${round + 1} of ${rounds})`
    if (question.inTurns) {
      onProgress(`${name}: all in turns ${where}`)
      measured.push(new Map(Object.entries(await runChild<Record<string, Measurement>>(name))))
      continue
    }
    const results = new Map<string, Measurement>()
    for (const variant of names) {
      onProgress(`${name}: ${variant} ${where}`)
      results.set(variant, await runChild<Measurement>(name, variant))
    }
    measured.push(results)
  }
  const { title, unit, base, peer, budgets } = question
  const costOf = (results: Map<string, Measurement>, variant: string): number => {
    const { cpuMicros, elapsedMicros = cpuMicros } = results.get(variant)!
    return elapsedMicros
  }
  const added = (results: Map<string, Measurement>, variant: string): number =>
    costOf(results, variant) - (base ? costOf(results, base) : 0)
  return {
    name,
    title,
    unit,
    rounds,
    base,
    peer,
    variants: names.map((variant) => ({
      variant,
      cpuMicros: median(measured.map((results) => results.get(variant)!.cpuMicros)),
      elapsedMicros: question.inTurns
        ? median(measured.map((results) => costOf(results, variant)))
        : undefined,
      allocatedBytes: median(measured.map((results) => results.get(variant)!.allocatedBytes)),
      ratio: median(measured.map((results) => added(results, variant) / added(results, peer))),
      budget: budgets[variant],
    })),
  }
}

function runChild<T>(name: string, ...variant: string[]): Promise<T> {
  const child = spawn(
    process.execPath,
    // Young objects get room, so that allocation can be read off the heap; the built packages are what users run.
    [
      '--expose-gc',
      '--max-semi-space-size=256',
      fileURLToPath(new URL('child.ts', import.meta.url)),
      name,
      ...variant,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? ''
      if (code === 0 && line.startsWith('{')) resolve(JSON.parse(line) as T)
      else reject(new Error(`${[name, ...variant].join(': ')} ended with code ${code}`))
    })
  })
}
