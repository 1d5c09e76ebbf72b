import type { SpanKind } from '@opentelemetry/api'
import type { TestSpan } from '../span.ts'
import type { IntegrationOptions } from './options.ts'

/**
 * How an integration that *sends* (a client, a producer, the side of a queue that enqueues) is driven by the suite. Wire
 * it the way a user would; everything else is the suite's.
 *
 * @typeParam M - what one call is made with
 */
export interface SendAdapter<M = never> {
  /** Shown in the report. */
  readonly name: string
  /** The instrumentation scope of its spans: the package's name and version. */
  readonly scope: TestSpan['scope']
  /** The span of one call: the kind, and the keys of the attributes that a sampler must see at the start. */
  readonly span: { readonly kind: keyof typeof SpanKind; readonly attributes: readonly string[] }
  /**
   * Whether what is sent carries the context of its span. `false` for protocols that have no room for it: then nothing
   * may be written.
   * @defaultValue `true`
   */
  readonly injects?: boolean
  /**
   * How long a call, or the end of its span, may take before its case fails.
   * @defaultValue 3,000
   */
  readonly timeoutMs?: number
  /** Cases that do not apply, each with the reason. They are reported as skipped. */
  readonly except?: Readonly<Partial<Record<SendCaseId, string>>>
  /**
   * Starts it with these options, handed on as they are, and a real receiving end (a server, a broker, memory) that calls
   * `arrive` for each thing that reached it. Where that rejects, the receiving end does what makes the call fail: cuts
   * the connection, answers with an error.
   */
  start(options: IntegrationOptions, arrive: Arrive): Sending<M> | Promise<Sending<M>>
}

/** Told by the receiving end what arrived, with the headers as they came; rejects where the call is to fail. */
export type Arrive = (id: string, headers: ArrivedHeaders) => Promise<void>

/** A header that came more than once is an array. */
export type ArrivedHeaders = Readonly<
  Record<string, string | Uint8Array | number | readonly (string | Uint8Array)[] | null | undefined>
>

/** A started integration. */
export interface Sending<M> {
  /**
   * The arguments of one call as an application would write them, made anew each time. The id must reach the receiving
   * end by another way than the headers: a path, a payload. Headers are left out where the library takes none.
   */
  message(id: string, headers: Record<string, string>): M
  /** Makes the call and returns what it returns. */
  send(message: M): unknown
  stop(): Promise<unknown> | void
}

/** The names of the cases, for `except`. */
export type SendCaseId =
  | 'parent'
  | 'root'
  | 'carrier'
  | 'existing'
  | 'untouched'
  | 'outcome'
  | 'caller'
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
