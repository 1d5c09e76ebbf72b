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
  /** The intended delay: it does not count as waiting. */
  readonly delayMs?: number | undefined
  /** Whether this attempt was started before and did not end (a lost worker): how long it waited is unknown then. */
  readonly redelivered?: boolean | undefined
  /** What `enqueue` gave you to store: the object, or its JSON. Anything else counts as none. */
  readonly carrier?: unknown
  /** Errors that only steer the queue (delay me, rate-limited): they do not make the span an error. */
  readonly isExpected?: ((error: unknown) => boolean) | undefined
}
