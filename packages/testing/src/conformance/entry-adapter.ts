import type { SpanKind } from '@opentelemetry/api'
import type { TestSpan } from '../span.ts'
import type { IntegrationOptions } from './options.ts'

/**
 * How an integration that *receives* work (a server, a consumer, a job worker) is driven by the suite. Wire it the way a
 * user would; everything else is the suite's.
 */
export interface EntryAdapter {
  /** Shown in the report. */
  readonly name: string
  /** The instrumentation scope of its spans: the package's name and version. */
  readonly scope: TestSpan['scope']
  /** Its entry span: the kind, and the keys of the attributes that a sampler must see at the start. */
  readonly span: { readonly kind: keyof typeof SpanKind; readonly attributes: readonly string[] }
  /**
   * What the entry makes of a sender by default.
   * @defaultValue `'parent'`
   */
  readonly relation?: 'parent' | 'link'
  /**
   * What its carrier can hold. `'bytes'` also sends values that are no text.
   * @defaultValue `'text'`
   */
  readonly carrier?: 'text' | 'bytes'
  /**
   * How long a piece of work, or the end of its span, may take before its case fails.
   * @defaultValue 3,000
   */
  readonly timeoutMs?: number
  /** Cases that do not apply, each with the reason. They are reported as skipped. */
  readonly except?: Readonly<Partial<Record<EntryCaseId, string>>>
  /**
   * Starts it with these options, handed on as they are. Its handler calls `handle(id)` for each piece of work and
   * does with a rejection what such a handler of a user would do: let it pass, or answer 500.
   */
  start(options: IntegrationOptions, handle: Handle): Entry | Promise<Entry>
}

/** Does one piece of work; rejects where the work is to fail. Called by the adapter's handler, in its context. */
export type Handle = (id: string) => Promise<void>

/** A started integration. */
export interface Entry {
  /**
   * Hands in one piece of work with this carrier and resolves when it was handled, failed or not. The id must reach the
   * handler by another way than the carrier: a path, a payload.
   */
  send(id: string, carrier: Readonly<Record<string, string | Uint8Array>>): Promise<unknown>
  stop(): Promise<unknown> | void
}

/** The names of the cases, for `except`. */
export type EntryCaseId =
  | 'sender'
  | 'malformed'
  | 'active'
  | 'success'
  | 'failure'
  | 'semconv'
  | 'scope'
  | 'sampler'
  | 'sampled-out'
  | 'private'
  | 'suppressed'
  | 'ignored'
  | 'disabled'
  | 'no-sdk'
  | 'broken-sdk'
  | 'hooks'
  | 'concurrent'
  | 'ambient'
