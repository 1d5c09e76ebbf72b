const MARK = 'throughline.task'

/**
 * A task with the context that it was made in, to pass to a thread as `workerData`, by `postMessage` or to a pool. Plain
 * data, as far as `value` is.
 */
export interface TracedTask<T> {
  /** Marks the envelope, and says which version of it this is. */
  readonly [MARK]: 1
  /** W3C fields. */
  readonly carrier: Readonly<Record<string, string>>
  readonly baggage?: Readonly<Record<string, string>>
  /** Where finished spans are to be sent. */
  readonly channel: string
  /** How much room there is for them: shared memory. */
  readonly counters?: unknown
  readonly value: T
}

export function wrapTask<T>(task: Omit<TracedTask<T>, typeof MARK>): TracedTask<T> {
  return { [MARK]: 1, ...task }
}

export function isTracedTask<T>(task: T | TracedTask<T>): task is TracedTask<T> {
  return (
    typeof task === 'object' &&
    task !== null &&
    Object.hasOwn(task, MARK) &&
    (task as TracedTask<T>)[MARK] === 1
  )
}
