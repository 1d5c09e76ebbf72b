const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** What the end of a process asks of tracing. */
export interface ProcessEndHandlers {
  /** The process is about to end. Answers whether everything was exported in time. */
  shutdown(): Promise<boolean>
  /** The application was asked to stop and handles that itself; it may call `process.exit` any moment. */
  flush(): Promise<void>
}

/**
 * Watches for the end of the process. A signal is never swallowed: where nobody else listens, it is raised again after
 * the shutdown, so that the process ends as it would have without us.
 *
 * A process that ends by itself has nothing left to do at `beforeExit`. If the export is late then, its connections and
 * retries would be all that keeps the process alive, so it is ended with the exit code that it has.
 */
export function watchProcessEnd(handlers: ProcessEndHandlers, signals: boolean): () => void {
  let stopping = false
  const raise = (signal: NodeJS.Signals): void => {
    process.removeListener(signal, onSignal)
    // Somebody may have begun to listen meanwhile; then the end is theirs.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const onBeforeExit = (): void =>
    void handlers.shutdown().then((inTime) => (inTime ? undefined : process.exit()))
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return void handlers.flush()
    if (stopping) return raise(signal) // asked twice: whoever asks does not want to wait
    stopping = true
    void handlers.shutdown().finally(() => raise(signal))
  }
  process.once('beforeExit', onBeforeExit)
  if (signals) for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    process.removeListener('beforeExit', onBeforeExit)
    for (const signal of SIGNALS) process.removeListener(signal, onSignal)
  }
}
