import { inspect } from 'node:util'
import {
  ROOT_CONTEXT,
  diag,
  trace,
  type HrTime,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api'
import { hrTimeToMilliseconds } from '@opentelemetry/core'
import { TracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, expect, test, vi } from 'vitest'
import { withRecordingTracers } from '../../src/span/recording-tracers.ts'
import { settableClock, type SettableClock } from './settable-clock.ts'

const HOUR = 3_600_000

interface Started {
  readonly time: SettableClock
  readonly start: (options?: SpanOptions, parent?: Span) => Span & ReadableSpan
}

function starter(processor: Partial<SpanProcessor> = {}): Started {
  const time = settableClock()
  const provider = new TracerProvider({
    spanProcessors: [
      {
        onStart() {},
        onEnd() {},
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
        ...processor,
      },
    ],
  })
  const tracer = withRecordingTracers(provider, time.clock).getTracer('shop')
  return {
    time,
    start(options = {}, parent) {
      const around = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
      return tracer.startSpan('work', options, around) as Span & ReadableSpan
    },
  }
}

afterEach(() => diag.disable())

/** What is said at `warn` and `error` from now on. */
function listen(): string[] {
  const said: string[] = []
  const say = (text: string): unknown => said.push(text)
  diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} })
  return said
}

function ms(time: HrTime): number {
  return hrTimeToMilliseconds(time)
}

test('a child does not start before its parent, within one millisecond neither', () => {
  const { time, start } = starter()
  time.pass(0.9)
  const parent = start()
  time.pass(0.05)
  const child = start({}, parent)
  time.pass(0.01)
  child.end()
  parent.end()
  const nanos = ({ startTime, endTime }: ReadableSpan): number[] => [startTime[1], endTime[1]]
  expect(nanos(parent)).toEqual([900_000, 960_000])
  expect(nanos(child)).toEqual([950_000, 960_000])
})

test.each([HOUR, -HOUR])('a wall clock that is set by %d ms changes no duration', (step) => {
  const { time, start } = starter()
  const spans = [
    start(),
    start({ startTime: 1_800_000_000_000 }),
    start({ startTime: new Date(1_800_000_000_000) }),
  ]
  time.setWall(step)
  time.pass(20)
  for (const span of spans) span.addEvent('half').end()
  for (const span of spans) {
    expect(span.duration).toEqual([0, 20_000_000])
    expect(ms(span.endTime) - ms(span.startTime)).toBe(20)
    expect(span.events[0]?.time).toEqual(span.endTime)
  }
})

test.each([HOUR, -HOUR])(
  'a span that starts after the wall clock was set by %d ms has its time',
  (step) => {
    const { time, start } = starter()
    const before = start()
    time.setWall(step)
    time.pass(20)
    expect(ms(start().startTime) - ms(before.startTime)).toBe(step + 20)
  },
)

test('a wall clock that runs a little ahead brings no spans out of order', () => {
  const { time, start } = starter()
  const before = start()
  time.setWall(30)
  time.pass(1)
  expect(ms(start().startTime) - ms(before.startTime)).toBe(1)
})

test('a start that was read from a wall clock a little ahead does not come after the end', () => {
  const said = listen()
  const { time, start } = starter()
  time.setWall(30)
  const span = start({ startTime: new Date(1_800_000_000_030) })
  time.pass(1)
  span.end()
  expect(span.duration).toEqual([0, 1_000_000])
  expect(said).toEqual([])
})

test('a span that ends before its start lasts no time, and that is said', () => {
  const said = listen()
  const span = starter().start({ startTime: [1_800_000_000, 5] })
  span.end([1_700_000_000, 0])
  expect(span).toMatchObject({ endTime: [1_800_000_000, 5], duration: [0, 0] })
  expect(said).toEqual([expect.stringContaining('startTime > endTime')])
})

test('a processor may still write to a span that is ending, and no longer when it has ended', () => {
  const said = listen()
  const onEnding = vi.fn<(span: Span & ReadableSpan) => void>((span) => {
    expect(span.ended).toBe(false)
    expect(span.duration).toEqual([0, 0])
    span.setAttribute('ending', true)
  })
  const onEnd = vi.fn<(span: ReadableSpan) => void>((span) => {
    expect(span.ended).toBe(true)
    ;(span as Span & ReadableSpan).setAttribute('ended', true)
  })
  const span = starter({ onEnding, onEnd }).start()
  span.end()
  expect(onEnding).toHaveBeenCalledOnce()
  expect(onEnd).toHaveBeenCalledOnce()
  expect(span.attributes).toEqual({ ending: true })
  expect(said).toEqual([expect.stringContaining('ended Span')])
})

test('nothing of the caller is kept: what becomes of it later changes no span', () => {
  const attributes: Record<string, string | string[]> = { kind: 'given', list: ['a'] }
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }
  const links = [{ context, attributes }]
  const at: HrTime = [1_800_000_000, 1]
  const span = starter().start({ attributes, links, startTime: at })
  span.setAttributes(attributes).addEvent('e', attributes, at).addLink(links[0]!)
  const before = inspect(span, { depth: 9 })
  attributes['kind'] = 'changed'
  ;(attributes['list'] as string[]).push('b')
  links.pop()
  at[1] = 2
  expect(inspect(span, { depth: 9 })).toBe(before)
})

test('an exporter may show some of a span otherwise, by what stands before it', () => {
  const span = starter().start({ attributes: { user: 'ada' } })
  const derived = Object.create(span, { attributes: { value: { user: '?' } } }) as typeof span
  const proxy = new Proxy(span, {})
  for (const shown of [derived, proxy]) {
    expect(shown.spanContext()).toBe(span.spanContext())
    expect(shown.droppedAttributesCount).toBe(0)
    expect(shown.isRecording()).toBe(true)
  }
  expect(derived.attributes).toEqual({ user: '?' })
})

test('a span can be read in a log, without what all spans have in common', () => {
  const text = inspect(starter().start({ attributes: { 'order.id': 7 } }))
  expect(text).toMatch(/^RecordingSpan \{/)
  expect(text).toContain("'order.id': 7")
  expect(text).not.toMatch(/settings|processor|resource/)
  expect(inspect({ a: { b: starter().start() } }, { depth: 1 })).toContain('[RecordingSpan]')
})

test('attributes beyond the limit are dropped and counted, said once, while those there are can be set anew', () => {
  const said = listen()
  const span = starter().start({ attributes: { first: 0 } })
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 130; at++) span.setAttribute(`key.${at}`, round)
  }
  expect(Object.keys(span.attributes)).toHaveLength(128)
  expect(span.attributes).toMatchObject({ first: 0, 'key.126': 1 })
  expect(span.droppedAttributesCount).toBe(6)
  expect(said).toEqual(['Dropping extra attributes.'])
})
