import {
  ROOT_CONTEXT,
  context,
  createTraceState,
  diag,
  trace,
  type Attributes,
  type Context,
  type HrTime,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TracerProvider,
  TraceIdRatioBasedSampler,
  createAlwaysRecordSampler,
  type IdGenerator,
  type ReadableSpan,
  type Sampler,
  type SamplingResult,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Clock } from '../../src/span/clock.ts'
import { withRecordingTracers } from '../../src/span/recording-tracers.ts'
import { NAMES, pick, randomCalls, randomOptions, seeded, type Random } from './random-calls.ts'

// Nothing here takes time: it goes on where a test says so.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_800_000_000_000 })
  vi.advanceTimersByTime(1000)
})
afterAll(() => vi.useRealTimers())

/** A tracer with all that can be seen of its spans. */
interface Side {
  readonly tracer: Tracer
  readonly seen: unknown[]
}

function sides(sampler: (seen: unknown[]) => Sampler, spanLimits: SpanLimits): [Side, Side] {
  const side = (
    wrap: (provider: TracerProvider) => ReturnType<typeof withRecordingTracers>,
  ): Side => {
    const seen: unknown[] = []
    const provider = new TracerProvider({
      sampler: sampler(seen),
      spanLimits,
      idGenerator: countingIds(),
      spanProcessors: [recorder(seen)],
    })
    return { tracer: wrap(provider).getTracer('shop', '1.2.3'), seen }
  }
  const clock = new Clock({
    origin: Date.now() - performance.now(),
    monotonic: () => performance.now(),
    wall: () => Date.now(),
  })
  return [side((provider) => provider), side((provider) => withRecordingTracers(provider, clock))]
}

function countingIds(): IdGenerator {
  let last = 0
  return {
    generateTraceId: () => (++last * 0x1234567).toString(16).padStart(32, '7'),
    generateSpanId: () => (++last).toString(16).padStart(16, '5'),
  }
}

function recorder(seen: unknown[]): SpanProcessor {
  return {
    onStart: (span, parent) => seen.push(['start', snapshot(span), trace.getSpanContext(parent)]),
    onEnding(span) {
      span.setAttribute('ending', true)
      seen.push(['ending', snapshot(span)])
    },
    onEnd: (span) => seen.push(['end', snapshot(span)]),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

function snapshot(span: ReadableSpan): unknown {
  return {
    name: span.name,
    kind: span.kind,
    spanContext: span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    startTime: toMs(span.startTime),
    endTime: toMs(span.endTime),
    duration: toMs(span.duration),
    ended: span.ended,
    status: { ...span.status },
    attributes: Object.entries(span.attributes),
    events: span.events.map((event) => ({ ...event, time: toMs(event.time) })),
    links: [...span.links],
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
    scope: span.instrumentationScope,
    resource: span.resource.attributes['service.name'],
  }
}

/** To hundredths: the SDK adds up fractions of numbers so large that they have no more digits. */
function toMs([seconds, nanos]: HrTime): number {
  return Math.round((seconds * 1000 + nanos / 1e6) * 100) / 100
}

const COMPARED =
  /^(Dropp|Cannot execute|Inconsistent|.*You can only call end|Failed to record|Invalid attribute (key|value))/

/** What is said meanwhile that tells of lost data or of a mistake, and what comes of it. */
function listen(fn: () => unknown): unknown[] {
  const said: unknown[] = []
  const say = (text: string): void => {
    if (COMPARED.test(text)) said.push(text.replace(/ exception .*/, ' exception'))
  }
  diag.setLogger(
    { error: say, warn: say, info() {}, debug() {}, verbose() {} },
    { suppressOverrideMessage: true },
  )
  try {
    said.push(typeof fn() === 'object')
  } catch (fault) {
    said.push(`threw ${String(fault)}`)
  } finally {
    diag.disable()
  }
  return said
}

function isOutcome(said: unknown): boolean {
  return typeof said === 'boolean' || String(said).startsWith('threw')
}

const remote: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
  traceState: createTraceState('vendor=1'),
}
const PARENTS: readonly (Context | undefined)[] = [
  ROOT_CONTEXT,
  undefined,
  around(remote),
  around({ ...remote, traceFlags: 0 }),
  around({ ...remote, isRemote: false }),
  around({ ...remote, traceId: remote.traceId.toUpperCase() }),
  around({ ...remote, spanId: '0'.repeat(16) }),
  around({ ...remote, traceId: 'none' }),
  suppressTracing(around(remote)),
]

function around(spanContext: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContext)
}

/** Starts a span, or a span in that span, on both sides at once and does the same with both. */
function drive(random: Random, both: [Side, Side]): void {
  const [name, options, parent] = [
    pick(random, NAMES),
    randomOptions(random),
    pick(random, PARENTS),
  ]
  const isNested = random() < 0.3
  const spans: Span[] = []
  const [first, second] = both.map((side) =>
    listen(() => {
      const outer = isNested ? side.tracer.startSpan('outer', {}, parent) : undefined
      const inside = outer ? trace.setSpan(parent ?? context.active(), outer) : parent
      const span = side.tracer.startSpan(name, options, inside)
      side.seen.push(span.spanContext(), span.isRecording())
      spans.push(span)
    }),
  )
  // What is not recorded is not checked here, and what is, in another order.
  expect(second?.filter(isOutcome)).toEqual(first?.filter(isOutcome))
  for (const call of [...randomCalls(random), (span: Span) => span.end()]) {
    vi.advanceTimersByTime(Math.trunc(random() * 3) * 20)
    const [first, second] = spans.map((span) => listen(() => call(span)))
    expect(second).toEqual(first)
  }
  expect(spans.every((span) => !span.isRecording())).toBe(true)
}

const DECISIONS = [
  SamplingDecision.NOT_RECORD,
  SamplingDecision.RECORD,
  SamplingDecision.RECORD_AND_SAMPLED,
]
const ADDED: readonly (Attributes | undefined)[] = [
  undefined,
  { rate: 0.5 },
  { a: 'from the sampler', '': 1, b: undefined, c: ['x', 'a text longer than the limit'] },
]

/** Decides by what it is given, which it writes down, and keeps nothing to itself. */
function meddler(seen: unknown[]): Sampler {
  let asked = 0
  return {
    shouldSample(parent, traceId, name, kind, attributes, links): SamplingResult {
      seen.push(['asked', trace.getSpanContext(parent), traceId, name, kind])
      seen.push(Object.entries(attributes), [...links])
      asked++
      if (asked % 7 === 0) throw new Error('a faulty sampler')
      if (asked % 5 === 0) attributes['meddled'] = 'by the sampler'
      const added = ADDED[asked % 3]
      return {
        decision: DECISIONS[asked % 4] ?? SamplingDecision.RECORD_AND_SAMPLED,
        ...(added && { attributes: added }),
        ...(asked % 3 === 0 && { traceState: createTraceState(`asked=${asked}`) }),
      }
    },
    toString: () => 'Meddler',
  }
}

const SAMPLERS: Readonly<Record<string, (seen: unknown[]) => Sampler>> = {
  'always on': () => new AlwaysOnSampler(),
  'by parent and ratio': () => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.5) }),
  'always recording': () => createAlwaysRecordSampler(new AlwaysOffSampler()),
  meddling: meddler,
}
const LIMITS: Readonly<Record<string, SpanLimits>> = {
  default: {},
  small: {
    attributeCountLimit: 3,
    attributeValueLengthLimit: 5,
    eventCountLimit: 2,
    linkCountLimit: 2,
    attributePerEventCountLimit: 1,
    attributePerLinkCountLimit: 2,
  },
  no: {
    attributeCountLimit: 0,
    attributeValueLengthLimit: 0,
    eventCountLimit: 0,
    linkCountLimit: 0,
    attributePerEventCountLimit: 0,
    attributePerLinkCountLimit: 0,
  },
}
const CASES = Object.keys(SAMPLERS).flatMap((sampler) =>
  Object.keys(LIMITS).map((limits) => [sampler, limits] as const),
)

test.each(CASES)(
  'with the sampler %s and %s limits, all that can be seen of a span is as with the SDK',
  (sampler, limits) => {
    for (let seed = 1; seed <= 60; seed++) {
      const both = sides(SAMPLERS[sampler]!, LIMITS[limits]!)
      const random = seeded(seed)
      for (let at = 0; at < 3; at++) drive(random, both)
      expect({ seed, seen: both[1].seen }).toStrictEqual({ seed, seen: both[0].seen })
    }
  },
)
