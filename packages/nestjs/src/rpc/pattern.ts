/**
 * The pattern that a handler is registered for and that a subject belongs to: the subject itself, or the one with
 * wildcards (`orders.*`, `orders/+`, `orders.>`, `orders/#`) that matches it.
 */
export function patternFor(
  subject: string,
  handlers: ReadonlyMap<string, unknown>,
): string | undefined {
  if (handlers.has(subject)) return subject
  for (const pattern of handlers.keys()) if (matches(pattern, subject)) return pattern
  return undefined
}

const SEPARATOR = /[./]/

function matches(pattern: string, subject: string): boolean {
  if (!/[*+>#]/.test(pattern)) return false
  const parts = subject.split(SEPARATOR)
  const wanted = pattern.split(SEPARATOR)
  for (const [at, part] of wanted.entries()) {
    if (part === '>' || part === '#') return true
    if (at >= parts.length) return false
    if (part !== '*' && part !== '+' && part !== parts[at]) return false
  }
  return wanted.length === parts.length
}
