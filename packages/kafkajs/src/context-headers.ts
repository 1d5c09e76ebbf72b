// Formats with a header for each entry of the baggage, Jaeger's and ottrace's, cannot list their fields.
const BAGGAGE_PREFIXES = ['uberctx-', 'ot-baggage-']

/** A copy of headers without those of a trace context: the given fields, and the entries of its baggage. */
export function withoutContext<H extends object>(
  headers: H | null | undefined,
  fields: readonly string[],
): Partial<H> {
  const copy = { ...headers } as Partial<H>
  for (const name of Object.keys(copy)) {
    if (fields.includes(name) || BAGGAGE_PREFIXES.some((prefix) => name.startsWith(prefix))) {
      delete copy[name as keyof H]
    }
  }
  return copy
}
