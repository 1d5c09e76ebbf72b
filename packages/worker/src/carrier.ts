import {
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api'
import { report, warnOnce, type Tracing } from '@throughline/core/integration'
import { extractContext, injectContext, type HeaderCarrier } from '@throughline/core/propagation'
import { parseSentryTrace, readForeign } from './foreign-carrier.ts'

/**
 * What travels with a job: plain JSON to store beside its data. With no SDK it brings only the time. A propagator of
 * your own may write other fields than the W3C ones.
 */
export interface JobCarrier {
  /** The version of this shape. */
  readonly v: 1
  /** When the job was enqueued, in milliseconds since the epoch. */
  readonly at: number
  readonly traceparent?: string
  readonly tracestate?: string
  readonly baggage?: string
  readonly [field: string]: string | number | undefined
}

/** What a carrier brings: a context on top of ROOT, and the time it was written. */
export interface Sent {
  readonly sender: Context
  readonly at: number | undefined
}

/** In characters of JSON. A carrier is stored with every job, so little is written; others may have written more. */
const MAX_WRITTEN = 4096
const MAX_READ = 16_384

// Nearly all texts are of this one shape, and JSON takes several times as long as everything else about a carrier.
const HEAD = '{"v":1,"traceparent":"'
const TAIL = '"}'
const BARE_LENGTH = HEAD.length + 55 + TAIL.length
const PLAIN = /^[\da-f-]+$/

type Fields = Partial<JobCarrier>

const NOTHING: Sent = { sender: ROOT_CONTEXT, at: undefined }

/** Writes a context into a new carrier. Baggage that would make the carrier too long is left out. */
export function writeCarrier(tracing: Tracing, context: Context): JobCarrier {
  const carrier: JobCarrier = { v: 1, at: Date.now() }
  return shortened(injectContext(tracing, context, carrier))
}

/**
 * The same as text, for engines that know themselves when a job was enqueued; empty where there is no context, so that
 * with no SDK no job looks different.
 */
export function writeCarrierText(tracing: Tracing, context: Context): string {
  const written: Written = { traceparent: undefined, others: undefined }
  const { traceparent, others } = injectContext(tracing, context, written, writtenSetter)
  if (others) {
    return JSON.stringify(shortened({ v: 1, ...(traceparent && { traceparent }), ...others }))
  }
  if (traceparent === undefined) return ''
  return PLAIN.test(traceparent) ? HEAD + traceparent + TAIL : JSON.stringify({ v: 1, traceparent })
}

/** What a propagator writes: nearly always this one field. */
interface Written {
  traceparent: string | undefined
  others: Record<string, string> | undefined
}

const writtenSetter: TextMapSetter<Written> = {
  set(written, key, value) {
    if (key === 'traceparent') written.traceparent = value
    else (written.others ??= {})[key] = value
  },
}

/**
 * Reads what came with a job, as an object or as text: ours, bullmq-otel's, Sentry's or Datadog's. Anything that is no
 * carrier brings nothing. Never throws.
 */
export function readCarrier(tracing: Tracing, carrier: unknown): Sent {
  if (carrier === undefined || carrier === null || carrier === '') return NOTHING
  try {
    const bare = typeof carrier === 'string' ? readBare(tracing, carrier) : undefined
    if (bare) return { sender: bare, at: undefined }
    const fields = typeof carrier === 'string' ? parse(carrier) : carrier
    if (typeof fields !== 'object' || fields === null) return NOTHING
    const { at } = fields as { at?: unknown }
    const sender = extractContext(tracing, fields as HeaderCarrier)
    return {
      sender: trace.getSpanContext(sender) ? sender : readForeign(sender, fields as HeaderCarrier),
      at: typeof at === 'number' && Number.isFinite(at) ? at : undefined,
    }
  } catch (error) {
    report('Reading the carrier of a job', error)
    return NOTHING
  }
}

function shortened<F extends Fields>(fields: F): F {
  if (!fields.baggage || JSON.stringify(fields).length <= MAX_WRITTEN) return fields
  warnOnce(`Baggage of more than ${MAX_WRITTEN} characters does not travel with a job`)
  const { baggage: _, ...short } = fields
  return short as F
}

/** The sender that a text of that one shape names. Where it names none, it is read as any other. */
function readBare(tracing: Tracing, text: string): Context | undefined {
  if (text.length !== BARE_LENGTH || !text.startsWith(HEAD) || !text.endsWith(TAIL))
    return undefined
  const sender = extractContext(tracing, text.slice(HEAD.length, -TAIL.length), bareGetter)
  return trace.getSpanContext(sender) ? sender : undefined
}

const bareGetter: TextMapGetter<string> = {
  keys: () => ['traceparent'],
  get: (traceparent, key) => (key === 'traceparent' ? traceparent : undefined),
}

// Sentry's carrier is bare text; all others are JSON.
function parse(text: string): unknown {
  if (text.length > MAX_READ) return undefined
  return parseSentryTrace(text) ? { 'sentry-trace': text } : JSON.parse(text)
}
