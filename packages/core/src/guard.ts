import { diag, type DiagLogger } from '@opentelemetry/api'
import { shared } from './shared.ts'

const log: DiagLogger = diag.createComponentLogger({ namespace: '@throughline' })
const warned = shared('warnings', () => new Set<string>())

/**
 * Runs a user's hook, or a step of ours, so that it cannot hurt the application: what it throws is reported through
 * `diag` and the answer is `undefined`. So is the rejection of a hook that is async by mistake. Arguments are passed on, so that the hot path needs no closure.
 */
export function guard<A extends unknown[], R>(
  what: string,
  fn: (...args: A) => R,
  ...args: A
): R | undefined {
  try {
    const result = fn(...args)
    if (result instanceof Promise) result.catch((error: unknown) => report(what, error))
    return result
  } catch (error) {
    report(what, error)
    return undefined
  }
}

/**
 * Asks a user's hook for a yes. Only `true` is one: a hook that is async by mistake answers with a promise, which must not
 * count as yes for everything; that is said once.
 */
export function decide<A extends unknown[]>(
  what: string,
  hook: (...args: A) => unknown,
  ...args: A
): boolean {
  const answer = guard(what, hook, ...args)
  if (typeof answer !== 'boolean' && answer !== undefined) {
    const kind = answer instanceof Promise ? 'a promise' : typeof answer
    warnOnce(`${what} must answer true or false at once, not with ${kind}; that counts as false`)
  }
  return answer === true
}

/** Says once at `warn` what failed, afterwards at `debug`: a broken hook must not flood the log of a busy service. */
export function report(what: string, error: unknown): void {
  try {
    if (warned.has(what)) return log.debug(`${what} failed again`, error)
    warned.add(what)
    log.warn(`${what} failed; tracing goes on without it`, error)
  } catch {
    // A logger that throws is the one failure that nobody can be told of.
  }
}

/** Says something once for each text, at `warn`. */
export function warnOnce(text: string): void {
  if (warned.has(text)) return
  warned.add(text)
  try {
    log.warn(text)
  } catch {
    // As above.
  }
}
