import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  trace,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SamplingDecision,
  SimpleSpanProcessor,
  StackContextManager,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isBlind, withLateAttributes } from '../src/late-attributes.ts'

const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
const tracer = withLateAttributes(provider).getTracer('shop', '1.0.0')

beforeAll(() => context.setGlobalContextManager(new StackContextManager().enable()))
afterAll(() => context.disable())

test('a span has all that it was started with, and the scope that asked for it', () => {
  const link = { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 } }
  const attributes = { 'order.id': 7 }
  const options: SpanOptions = {
    kind: SpanKind.SERVER,
    attributes,
    links: [link],
    startTime: [1, 2],
  }
  tracer.startSpan('place order', options, ROOT_CONTEXT).end()
  expect(exporter.getFinishedSpans().at(-1)).toMatchObject({
    name: 'place order',
    kind: SpanKind.SERVER,
    attributes,
    links: [link],
    startTime: [1, 2],
    instrumentationScope: { name: 'shop', version: '1.0.0' },
  })
})

test.each([
  ['a function alone', [] as const],
  ['options', [{ attributes: { 'order.id': 7 } }] as const],
  ['options and a parent', [{ attributes: { 'order.id': 7 } }, ROOT_CONTEXT] as const],
])(
  'a span that is started active with %s is active in the function, whose answer comes back',
  (_, given) => {
    const start = tracer.startActiveSpan.bind(tracer) as (...args: unknown[]) => unknown
    const answer = start('pay', ...given, (span: Span) => {
      expect(trace.getActiveSpan()).toBe(span)
      span.end()
      return 'paid'
    })
    expect(answer).toBe('paid')
    expect(exporter.getFinishedSpans().at(-1)?.attributes).toEqual(given[0]?.attributes ?? {})
  },
)

test('a scope has one tracer, and the provider is the one that it was', async () => {
  const late = withLateAttributes(provider) as TracerProvider
  expect(late.getTracer('a')).toBe(late.getTracer('a'))
  expect(late).toBeInstanceOf(TracerProvider)
  await late.forceFlush()
})

test.each([
  new AlwaysOnSampler(),
  new AlwaysOffSampler(),
  new TraceIdRatioBasedSampler(0.000_000_1),
  new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.25) }),
])('%s decides without attributes', (sampler) => {
  expect(isBlind(sampler)).toBe(true)
})

const byRoute: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
  toString: () => 'ByRoute',
}

test.each([byRoute, new ParentBasedSampler({ root: byRoute })])(
  '%s may look at attributes',
  (sampler) => {
    expect(isBlind(sampler)).toBe(false)
  },
)
