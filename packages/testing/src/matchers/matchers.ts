import { neighboursOf } from '../recorder.ts'
import { normaliseText } from '../normalise.ts'
import type { TestSpan } from '../span.ts'
import type { TestSpans } from '../test-spans.ts'
import { renderTree } from '../tree.ts'
import { parseTraceparent, traceparentsOf, type Carrier } from './carried-context.ts'
import { differences, toText } from './differences.ts'
import { markedDifference, markedTree, type Marks } from './marked-tree.ts'
import { departures } from './semconv.ts'

/** What a span must have at least; inside `attributes` and the like, only what is named counts. */
export type ExpectedSpan = {
  readonly [K in keyof TestSpan]?: TestSpan[K] extends object
    ? Partial<TestSpan[K]>
    : TestSpan[K] extends string | undefined
      ? TestSpan[K] | RegExp
      : TestSpan[K]
}

/** What a matcher of vitest and of jest answers. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/** Spans to look at: a tracing, an isolated test's, or a list. */
export type Spans = Pick<TestSpans, 'spans'> | readonly TestSpan[]

/** At least one of the spans has everything that is expected. */
function toHaveSpan(received: Spans, expected: ExpectedSpan): MatcherResult {
  const spans = spansOf('toHaveSpan', received)
  const lacking = spans.map((span) => ({ span, lacks: differences(span, expected) }))
  const found = lacking.filter(({ lacks }) => lacks.length === 0)
  const pass = found.length > 0
  return result(
    pass,
    (not) => `expected ${not ? 'no' : 'a'} span that matches ${toText(expected)}`,
    spans,
    () => {
      if (pass) return new Map(found.map(({ span }) => [span, 'this one']))
      const least = Math.min(...lacking.map(({ lacks }) => lacks.length))
      // Where nothing fits at all, none is nearer than the others.
      if (least === Object.keys(expected).length && spans.length > 1) return new Map()
      const nearest = lacking.filter(({ lacks }) => lacks.length === least)
      return new Map(nearest.map(({ span, lacks }) => [span, lacks]))
    },
  )
}

/** The span is a direct child of the other, in the same trace. */
function toBeChildOf(received: TestSpan, parent: TestSpan): MatcherResult {
  checkSpan('toBeChildOf', received)
  checkSpan('toBeChildOf', parent)
  const pass = received.traceId === parent.traceId && received.parentSpanId === parent.spanId
  const spans = neighboursOf(received)
  return result(
    pass,
    (not) => `expected "${received.name}" ${not}to be a child of "${parent.name}"`,
    spans,
    () => {
      const own = received.parentSpanId
      const actual = spans.find(({ spanId }) => spanId === own)?.name
      const is = actual === undefined ? 'a remote parent' : `the parent "${actual}"`
      return new Map([
        [parent, pass ? 'is its parent' : 'expected as its parent'],
        [received, own === undefined ? 'has no parent' : `has ${is}`],
      ])
    },
  )
}

/** One of the span's links points to the other. */
function toBeLinkedTo(received: TestSpan, target: TestSpan): MatcherResult {
  checkSpan('toBeLinkedTo', received)
  checkSpan('toBeLinkedTo', target)
  const pass = received.links.some(
    ({ traceId, spanId }) => traceId === target.traceId && spanId === target.spanId,
  )
  const { length } = received.links
  return result(
    pass,
    (not) => `expected "${received.name}" ${not}to be linked to "${target.name}"`,
    neighboursOf(received),
    () =>
      new Map([
        [target, pass ? 'is linked' : 'expected as the target of a link'],
        [received, length === 1 ? 'has 1 link' : `has ${length} links`],
      ]),
  )
}

/** The tree of the spans, without ids, times and ports, is this text; its indentation as a whole does not matter. */
function toMatchTraceTree(received: Spans, expected: string): MatcherResult {
  const tree = normaliseText(renderTree(spansOf('toMatchTraceTree', received)))
  const wanted = dedent(expected)
  const pass = tree === wanted
  return {
    pass,
    message: () =>
      pass
        ? `expected another trace tree than\n\n${tree}\n`
        : `expected the trace tree (-) and the one there is (+) to be the same:\n\n${markedDifference(wanted, tree)}\n`,
  }
}

/** The span, or every span that is of HTTP or of messaging, keeps the semantic conventions. */
function toConformToSemconv(received: Spans | TestSpan): MatcherResult {
  const single = typeof received === 'object' && 'spanId' in received
  const spans = single ? [received] : spansOf('toConformToSemconv', received)
  const judged = spans.map((span) => ({ span, departs: departures(span) }))
  const known = judged.filter(({ departs }) => departs !== undefined)
  const bad = known.filter(({ departs }) => departs!.length > 0)
  const pass = known.length > 0 && bad.length === 0
  const marks = (): Marks => new Map(bad.map(({ span, departs }) => [span, departs!]))
  const what = (not: string) =>
    known.length === 0
      ? 'expected a span of HTTP or of messaging: nothing else is checked'
      : `expected spans ${not}to keep the semantic conventions`
  return result(pass, what, single ? neighboursOf(received) : spans, marks)
}

/** The carrier holds the context of this span, and no other. */
function toHavePropagated(received: TestSpan, carrier: Carrier): MatcherResult {
  checkSpan('toHavePropagated', received)
  if (typeof carrier !== 'object' || carrier === null) {
    throw new TypeError(`toHavePropagated: expected a carrier, got ${toText(carrier)}`)
  }
  const spans = neighboursOf(received)
  const carried = traceparentsOf(carrier)
  const ids = carried.length === 1 ? parseTraceparent(carried[0]!) : undefined
  const pass = ids?.traceId === received.traceId && ids.spanId === received.spanId
  return result(
    pass,
    (not) =>
      `expected the context of "${received.name}" ${not}to be in the carrier, which holds ${holds()}`,
    spans,
    () => {
      const other = spans.find(({ spanId }) => spanId === ids?.spanId)
      const marks = new Map([[received, pass ? 'is in the carrier' : 'expected in the carrier']])
      if (other && !pass) marks.set(other, 'is in the carrier')
      return marks
    },
  )

  function holds(): string {
    if (carried.length === 0) return 'no traceparent'
    if (carried.length > 1) return `${carried.length} traceparents`
    return `traceparent ${toText(carried[0])}`
  }
}

/** The matchers, as `expect.extend` of vitest and of jest takes them. */
export const matchers: {
  toHaveSpan: typeof toHaveSpan
  toBeChildOf: typeof toBeChildOf
  toBeLinkedTo: typeof toBeLinkedTo
  toMatchTraceTree: typeof toMatchTraceTree
  toConformToSemconv: typeof toConformToSemconv
  toHavePropagated: typeof toHavePropagated
} = {
  toHaveSpan,
  toBeChildOf,
  toBeLinkedTo,
  toMatchTraceTree,
  toConformToSemconv,
  toHavePropagated,
}

function result(
  pass: boolean,
  what: (not: string) => string,
  spans: readonly TestSpan[],
  marks: () => Marks,
): MatcherResult {
  return {
    pass,
    message: () => `${what(pass ? 'not ' : '')}, in:\n\n${markedTree(spans, marks())}\n`,
  }
}

function spansOf(matcher: string, received: Spans): readonly TestSpan[] {
  if (Array.isArray(received)) return received as readonly TestSpan[]
  const spans = (received as Partial<TestSpans> | null | undefined)?.spans
  if (typeof spans === 'function') return spans()
  throw new TypeError(
    `${matcher}: expected a TestTracing or a list of spans, got ${typeof received}`,
  )
}

function checkSpan(matcher: string, span: TestSpan): void {
  if (typeof (span as TestSpan | undefined)?.spanId === 'string') return
  throw new TypeError(`${matcher}: expected a span of createTestTracing, got ${typeof span}`)
}

/** Without empty lines around it, and without the indentation that all of its lines share. */
function dedent(text: string): string {
  const lines = text.replace(/^[^\S\n]*\n|\n\s*$/g, '').split('\n')
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)![0].length)
  const shared = Math.min(...indents)
  return lines.map((line) => line.slice(shared).trimEnd()).join('\n')
}
