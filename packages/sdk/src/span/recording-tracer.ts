import {
  INVALID_SPAN_CONTEXT,
  SpanKind,
  TraceFlags,
  context,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import {
  SamplingDecision,
  type IdGenerator,
  type Sampler,
  type SamplingResult,
} from '@opentelemetry/sdk-trace'
import { contextWithSpan, contextWithoutSpan } from '@throughline/core/integration'
import { isTracingSuppressed, validSpan } from '@throughline/core/propagation'
import { CleanAttributes, NO_LIMITS } from './attributes.ts'
import type { Clock } from './clock.ts'
import { followsParent, isBlind } from './known-sampler.ts'
import { copyLinks } from './link.ts'
import { RecordingSpan } from './recording-span.ts'
import { spanSettings, type SpanSettings } from './span-settings.ts'
import type { TracerOptions } from './tracer-options.ts'

const NO_OPTIONS: SpanOptions = {}
const NO_ATTRIBUTES: Attributes = {}
const NO_LINKS: Link[] = []

const KEPT: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED }
const DROPPED: SamplingResult = { decision: SamplingDecision.NOT_RECORD }

/**
 * A tracer as the SDK's: it asks the same sampler and tells the same processors. A sampler that decides without attributes
 * and links is given the caller's, so that a span which is sampled out costs no copy of them; one that only repeats what
 * the parent's decided is not asked.
 */
export class RecordingTracer implements Tracer {
  readonly #settings: SpanSettings
  readonly #sampler: Sampler
  readonly #isBlind: boolean
  readonly #followsParent: boolean
  readonly #idGenerator: IdGenerator

  constructor(options: TracerOptions, scope: InstrumentationScope, clock: Clock) {
    this.#settings = spanSettings(options, scope, clock)
    this.#sampler = options.sampler
    this.#isBlind = isBlind(options.sampler)
    this.#followsParent = followsParent(options.sampler)
    this.#idGenerator = options.idGenerator
  }

  startSpan(
    name: string,
    options: SpanOptions = NO_OPTIONS,
    active: Context = context.active(),
  ): Span {
    const around = options.root ? contextWithoutSpan(active) : active
    if (isTracingSuppressed(around)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
    const { spanLimits, linkLimits, processor } = this.#settings
    const { attributes: given, links: givenLinks } = options
    const kind = options.kind ?? SpanKind.INTERNAL
    const parent = validParent(around)
    const spanId = this.#idGenerator.generateSpanId()
    const traceId = parent ? parent.traceId : this.#idGenerator.generateTraceId()

    const isDecided = parent !== undefined && this.#followsParent
    const isLookedAt = !isDecided && !this.#isBlind
    const seen = isLookedAt ? CleanAttributes.copyOf(given, NO_LIMITS) : undefined
    const seenLinks = isLookedAt ? copyLinks(givenLinks, linkLimits) : undefined
    const sampled = isDecided
      ? decisionOf(parent)
      : this.#sampler.shouldSample(
          around,
          traceId,
          name,
          kind,
          seen ? seen.values : (given ?? NO_ATTRIBUTES),
          seenLinks ?? givenLinks ?? NO_LINKS,
        )
    const spanContext = contextOf(traceId, spanId, sampled, parent)
    if (sampled.decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(spanContext)

    const span = new RecordingSpan(
      this.#settings,
      name,
      kind,
      spanContext,
      parent,
      seen || sampled.attributes
        ? (seen ?? CleanAttributes.copyOf(given, NO_LIMITS)).with(sampled.attributes, spanLimits)
        : CleanAttributes.copyOf(given, spanLimits),
      seenLinks ?? copyLinks(givenLinks, linkLimits),
      options.startTime,
    )
    processor.onStart(span, around)
    return span
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    parent: Context,
    fn: F,
  ): ReturnType<F>
  startActiveSpan(name: string, ...rest: unknown[]): unknown {
    if (rest.length === 0) return undefined
    const fn = rest.pop() as (span: Span) => unknown
    const [options, parent = context.active()] = rest as [SpanOptions?, Context?]
    const span = this.startSpan(name, options, parent)
    return context.with(contextWithSpan(parent, span), fn, undefined, span)
  }
}

function validParent(around: Context): SpanContext | undefined {
  const parent = trace.getSpan(around)
  // Those of ours are made here.
  return parent instanceof RecordingSpan ? parent.spanContext() : validSpan(around)
}

function decisionOf({ traceFlags }: SpanContext): SamplingResult {
  return (traceFlags & TraceFlags.SAMPLED) === 0 ? DROPPED : KEPT
}

function contextOf(
  traceId: string,
  spanId: string,
  { decision, traceState }: SamplingResult,
  parent: SpanContext | undefined,
): SpanContext {
  const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    traceState: (traceState ?? parent?.traceState)!,
  }
}
