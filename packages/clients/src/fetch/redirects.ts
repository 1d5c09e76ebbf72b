import { ROOT_CONTEXT, type Context } from '@opentelemetry/api'
import type { FetchUrl } from './options.ts'
import { findHeader } from './undici.ts'

/** So many answered redirects of one caller wait to be followed; a caller that follows none costs no more. */
const MAX_WAITING = 16

/**
 * Tells which requests follow a redirect. undici makes a new request for each hop and does not say what it follows, so
 * a hop is recognised by its caller's context and its URL.
 */
export class Redirects {
  readonly #waiting = new WeakMap<Context, Map<string, number>>()

  /** Remembers where an answer sends the caller. Callers without a context of their own cannot be told apart. */
  remember(
    caller: Context,
    url: FetchUrl,
    status: number,
    headers: readonly unknown[],
    count: number,
  ): void {
    if (status < 301 || status > 308 || caller === ROOT_CONTEXT) return
    const location = findHeader(headers, 'location')
    const target = location && URL.parse(location, url.origin + url.path)
    if (!target) return
    const waiting = this.#waiting.get(caller) ?? new Map<string, number>()
    this.#waiting.set(caller, waiting)
    if (waiting.size >= MAX_WAITING) waiting.clear()
    waiting.set(target.origin + target.pathname + target.search, count + 1)
  }

  /** How often a request was sent before: 0 when it follows no redirect. */
  take(caller: Context, url: FetchUrl): number {
    const waiting = this.#waiting.get(caller)
    if (!waiting) return 0
    const key = url.origin + url.path
    const count = waiting.get(key) ?? 0
    waiting.delete(key)
    return count
  }
}
