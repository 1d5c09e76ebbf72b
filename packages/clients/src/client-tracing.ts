/** The tracing of clients that was switched on. */
export interface ClientTracing {
  /** Stops making spans. Calls that are under way still end theirs. Safe to call again. */
  disable(): void
}
