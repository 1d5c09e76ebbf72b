import type { Recorder } from './recorder.ts'
import type { TestSpan } from './span.ts'
import { renderTree, treeOf, type TraceNode } from './tree.ts'

/** What to wait for with `waitForTrace`. */
export interface WaitForTraceOptions {
  /** @defaultValue all traces */
  readonly traceId?: string
  /** What the trace must have before it is whole: see `waitForTrace`. May throw until it holds. */
  readonly until?: (spans: TestSpan[]) => unknown
  /** @defaultValue 5,000 */
  readonly timeoutMs?: number
}

/** The spans of a set-up, or of one isolated test. */
export interface TestSpans {
  /** The finished spans, in order of their end. */
  spans(): TestSpan[]
  /** The one finished span of that name; throws, listing what there is, when there is none or more than one. */
  span(name: string): TestSpan
  /** All traces as indented text without ids, times and ports. */
  tree(): string
  /** The same as objects, with attributes and events. */
  treeNodes(): TraceNode[]
  /** The names of spans that were started and not ended. */
  unended(): string[]
  /** The names of spans on which `end` was called more than once, which an SDK hides. */
  endedTwice(): string[]
  /** Finished spans whose parent neither ended here nor came in a carrier: in a backend they would hang in the air. */
  orphans(): TestSpan[]
  /**
   * Resolves with what `condition` returns as soon as that is truthy; looked at whenever a span starts or ends. One that
   * throws is not fulfilled yet, and its error is the cause when time runs out.
   *
   * @param timeoutMs - 5,000 by default
   */
  waitFor<T>(condition: (spans: TestSpan[]) => T, timeoutMs?: number): Promise<NonNullable<T>>
  /** Resolves with the spans as soon as so many have ended. @param timeoutMs - 5,000 by default */
  waitForSpans(count: number, timeoutMs?: number): Promise<TestSpan[]>
  /**
   * Resolves with the spans of a trace as soon as it is quiet: at least one span, all that were started have ended, and
   * two turns of the event loop brought no new one. Nothing sleeps: it looks when a span starts or ends.
   *
   * Work that is on its way through a socket or a broker has no open span. Where your test sends such work, say in
   * `until` what must have arrived; the trace is then whole when that holds and it is quiet.
   */
  waitForTrace(options?: WaitForTraceOptions): Promise<TestSpan[]>
  /**
   * A carrier of a made-up caller whose trace belongs to these spans. Send it with requests that no span of the test
   * sends, so that what a shared server does for them is found here.
   */
  carrier(): { traceparent: string }
  /** Forgets all spans, also those that are still open. */
  reset(): void
}

/** @param claim - takes note that a trace belongs to the recorder */
export function testSpans(recorder: Recorder, claim: (traceId: string) => void): TestSpans {
  return {
    spans: () => recorder.spans(),
    span: (name) => only(recorder.spans(), name),
    tree: () => renderTree(recorder.spans()),
    treeNodes: () => treeOf(recorder.spans()),
    unended: () => recorder.unended(),
    endedTwice: () => recorder.endedTwice(),
    orphans: () => recorder.orphans(),
    waitFor: (condition, timeoutMs = 5000) => recorder.waitFor(condition, timeoutMs),
    waitForSpans: (count, timeoutMs = 5000) =>
      recorder.waitFor((spans) => spans.length >= count && spans, timeoutMs) as Promise<TestSpan[]>,
    waitForTrace: (options = {}) => waitForTrace(recorder, options),
    carrier: () => {
      const [traceId, spanId] = [randomHex(32), randomHex(16)]
      claim(traceId)
      return { traceparent: `00-${traceId}-${spanId}-01` }
    },
    reset: () => recorder.reset(),
  }
}

async function waitForTrace(
  recorder: Recorder,
  { traceId, until, timeoutMs = 5000 }: WaitForTraceOptions,
): Promise<TestSpan[]> {
  const deadline = performance.now() + timeoutMs
  const quiet = (): TestSpan[] | undefined => {
    const spans = recorder.spans().filter((span) => !traceId || span.traceId === traceId)
    const whole = spans.length > 0 && !recorder.isOpen(traceId) && (!until || until(spans))
    return whole ? spans : undefined
  }
  for (;;) {
    // Each round waits for the next start or end; one after the other is the point.
    // oxlint-disable-next-line no-await-in-loop
    await recorder.waitFor(quiet, Math.max(0, deadline - performance.now()))
    const { started } = recorder
    // oxlint-disable-next-line no-await-in-loop
    await turn().then(turn)
    const spans = recorder.started === started && quiet()
    if (spans) return spans
  }
}

// Taken here, before a test's fake timers.
const { setImmediate } = globalThis

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function randomHex(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length / 2))
  return Buffer.from(bytes).toString('hex')
}

function only(spans: readonly TestSpan[], name: string): TestSpan {
  const [found, second] = spans.filter((span) => span.name === name)
  if (found && !second) return found
  const what = found ? 'more than one span is' : 'no span is'
  throw new Error(`${what} named "${name}" in:\n${renderTree(spans)}`)
}
