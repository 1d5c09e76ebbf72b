import {
  ROOT_CONTEXT,
  SpanKind,
  context,
  trace,
  type Attributes,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOffSampler,
  SamplingDecision,
  SimpleSpanProcessor,
  StackContextManager,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withRecordingTracers } from '../../src/span/recording-tracers.ts'

const exporter = new InMemorySpanExporter()
const spanProcessors = [new SimpleSpanProcessor({ exporter })]
const tracer = withRecordingTracers(new TracerProvider({ spanProcessors })).getTracer(
  'shop',
  '1.0.0',
)

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

test('a span that is started active without a function is not started, as nothing could end it', () => {
  const start = tracer.startActiveSpan.bind(tracer) as (name: string) => unknown
  expect(start('pay')).toBeUndefined()
})

test('a sampler that decides without attributes costs no copy of them', () => {
  const given: unknown[] = []
  class Watched extends ParentBasedSampler {
    override shouldSample(
      ...args: Parameters<Sampler['shouldSample']>
    ): ReturnType<Sampler['shouldSample']> {
      given.push(...args.slice(4))
      return super.shouldSample(...args)
    }
  }
  const options = { attributes: { 'order.id': 7 }, links: [] }
  const sampler = new Watched({ root: new AlwaysOffSampler() })
  const provider = withRecordingTracers(new TracerProvider({ sampler, spanProcessors }))
  const span = provider.getTracer('shop').startSpan('place order', options, ROOT_CONTEXT)
  expect(span.isRecording()).toBe(false)
  expect(given[0]).toBe(options.attributes)
  expect(given[1]).toBe(options.links)
})

test('what a sampler adds is kept, although it gives itself out for one that decides without attributes', () => {
  const sampler: Sampler = {
    shouldSample: () => ({
      decision: SamplingDecision.RECORD_AND_SAMPLED,
      attributes: { rate: 0.5 },
    }),
    toString: () => 'AlwaysOnSampler',
  }
  const provider = withRecordingTracers(new TracerProvider({ sampler, spanProcessors }))
  const attributes: Attributes = { 'order.id': 7 }
  provider.getTracer('shop').startSpan('place order', { attributes }, ROOT_CONTEXT).end()
  expect(exporter.getFinishedSpans().at(-1)?.attributes).toEqual({ 'order.id': 7, rate: 0.5 })
  expect(attributes).toEqual({ 'order.id': 7 })
})
