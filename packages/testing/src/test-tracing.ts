import type { TextMapPropagator, TracerProvider as ApiTracerProvider } from '@opentelemetry/api'
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { TracerProvider, type Sampler } from '@opentelemetry/sdk-trace'
import { ensureContextManager, giveBackGlobals, takeGlobals } from './globals.ts'
import { Recorder } from './recorder.ts'
import type { TestSpan } from './span.ts'
import { renderTree } from './tree.ts'

export interface TestTracingOptions {
  /**
   * Whether to become the global provider and propagator, as an SDK would. Pass `false` to hand `tracerProvider` and
   * `propagator` to the code under test yourself. The context manager is global either way: there is only one. Of two
   * that are global the later one is in charge until its `shutdown`; tracers made before keep to the earlier one.
   * @defaultValue `true`
   */
  readonly global?: boolean
  /** @defaultValue all spans are sampled */
  readonly sampler?: Sampler
}

/** Tracing that keeps its spans in memory, for tests. */
export interface TestTracing {
  readonly tracerProvider: ApiTracerProvider
  readonly propagator: TextMapPropagator
  /** The finished spans, in order of their end. */
  spans(): TestSpan[]
  /** The one finished span of that name; throws, listing what there is, when there is none or more than one. */
  span(name: string): TestSpan
  /** All traces as indented text without ids and times. */
  tree(): string
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
  /** Forgets all spans, also those that are still open. */
  reset(): void
  /** Takes the globals back and rejects what still waits. */
  shutdown(): Promise<void>
}

/** Starts in-memory tracing; call `shutdown` when the tests are done. */
export function createTestTracing(options: TestTracingOptions = {}): TestTracing {
  const recorder = new Recorder()
  const tracerProvider = new TracerProvider({
    spanProcessors: [recorder],
    ...(options.sampler && { sampler: options.sampler }),
  })
  const propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  })
  const globals = { tracerProvider, propagator }
  ensureContextManager()
  if (options.global !== false) takeGlobals(globals)
  return {
    tracerProvider,
    propagator,
    spans: () => recorder.spans(),
    span: (name) => only(recorder.spans(), name),
    tree: () => renderTree(recorder.spans()),
    unended: () => recorder.unended(),
    endedTwice: () => recorder.endedTwice(),
    orphans: () => recorder.orphans(),
    waitFor: (condition, timeoutMs = 5000) => recorder.waitFor(condition, timeoutMs),
    waitForSpans: (count, timeoutMs = 5000) =>
      recorder.waitFor((spans) => spans.length >= count && spans, timeoutMs) as Promise<TestSpan[]>,
    reset: () => recorder.reset(),
    async shutdown() {
      giveBackGlobals(globals)
      await tracerProvider.shutdown()
    },
  }
}

function only(spans: readonly TestSpan[], name: string): TestSpan {
  const [found, second] = spans.filter((span) => span.name === name)
  if (found && !second) return found
  const what = found ? 'more than one span is' : 'no span is'
  throw new Error(`${what} named "${name}" in:\n${renderTree(spans)}`)
}
