/** Something that is measured: `run` does the work so many times. */
export interface Subject {
  run(times: number): unknown
  close?(): unknown
}

/** One question, answered by alternating its variants in one run. */
export interface Question {
  readonly title: string
  /** What is counted: `line`, `message`, `request`, … */
  readonly unit: string
  /** Each variant is set up in a process of its own, unless they share one server. They take turns. */
  readonly variants: Readonly<Record<string, () => Subject | Promise<Subject>>>
  /** The variant without what is asked about. Where there is one, costs are what a variant adds to it. */
  readonly base?: string
  /** Which base a variant adds to, where that is another one. */
  readonly bases?: Readonly<Record<string, string>>
  /** The variant that is 1.00. */
  readonly peer: string
  /** Whether variants share one process and its server, and are compared by the clock. */
  readonly sharedServer?: boolean
  /** How many turns each variant takes in a round: more where the differences looked for are small. @defaultValue 20 */
  readonly turns?: number
  /** What we promise, as a share of the peer. */
  readonly budgets: Readonly<Record<string, number>>
}
