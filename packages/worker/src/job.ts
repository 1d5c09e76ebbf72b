/** What is known of a job when it is put into a queue. */
export interface JobToEnqueue {
  /** The queue's name: of low cardinality, for it is part of the span's name. */
  readonly queue: string
  /** What kind of job it is (`job.name`). */
  readonly name: string
  /** Where the caller chooses the id; otherwise it is not known yet. */
  readonly id?: string | undefined
  /** How long the job is to rest before it may run, in milliseconds. */
  readonly delayMs?: number | undefined
  /** How many jobs one call enqueues, for calls that can enqueue many; then also when it is one. */
  readonly count?: number | undefined
}

/** What is known of a job when an attempt to process it starts. Times are milliseconds since the epoch. */
export interface JobToProcess {
  readonly queue: string
  readonly name: string
  readonly id?: string | undefined
  /** Which attempt this is, counted from 1. */
  readonly attempt?: number | undefined
  /** How many attempts there may be: before the last one, a failure counts as `retry`. */
  readonly maxAttempts?: number | undefined
  /** @defaultValue the time that the carrier brings */
  readonly enqueuedAt?: number | undefined
  /** When this attempt could have started, where the queue knows it. Needed for the wait of a second attempt. */
  readonly readyAt?: number | undefined
  /**
   * When it started by the clock that gave the other times, such as the database's: no skew can falsify the wait then.
   * @defaultValue now, by this process's clock
   */
  readonly startedAt?: number | undefined
  /** The intended delay: it does not count as waiting. */
  readonly delayMs?: number | undefined
  /** Whether this attempt was started before and did not end (a lost worker): how long it waited is unknown then. */
  readonly redelivered?: boolean | undefined
  /** How often the queue took the job back from a worker that was gone. */
  readonly stalledCount?: number | undefined
  /** The job that waits for this one. */
  readonly parentId?: string | undefined
  /** The pattern or the name of the schedule that made the job. */
  readonly schedule?: string | undefined
  /** What `enqueue` gave you to store: the object, or its JSON. Anything else counts as none. */
  readonly carrier?: unknown
  /** The signal by which this attempt can be called off: an error after it was aborted is no failure. */
  readonly signal?: AbortSignal | undefined
  /** Errors that only steer the queue (delay me, rate-limited): they do not make the span an error. */
  readonly isExpected?: ((error: unknown) => boolean) | undefined
}

/** Jobs that are processed together. */
export interface JobBatch {
  readonly queue: string
  readonly items: readonly BatchedJob[]
}

/** One job of a batch; without a name it has the queue's. */
export type BatchedJob = Omit<JobToProcess, 'queue' | 'name'> & { readonly name?: string }
