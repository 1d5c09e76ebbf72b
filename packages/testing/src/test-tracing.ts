import type { TextMapPropagator, TracerProvider } from '@opentelemetry/api'
import { ensureContextManager, giveBackGlobals, takeGlobals } from './globals.ts'
import { Recorder } from './recorder.ts'
import { loadSdk, type Sdk, type TestSampler } from './sdk.ts'
import { SpanRouter } from './span-router.ts'
import { testSpans, type TestSpans } from './test-spans.ts'

export interface TestTracingOptions {
  /**
   * Whether to become the global provider and propagator, as an SDK would. Pass `false` to hand `tracerProvider` and
   * `propagator` to the code under test yourself. The context manager is global either way: there is only one. Of two
   * that are global the later one is in charge until its `shutdown`; tracers made before keep to the earlier one.
   * @defaultValue `true`
   */
  readonly global?: boolean
  /** A sampler of the SDK, 2.x or 3.x. @defaultValue all spans are sampled */
  readonly sampler?: TestSampler
}

/** Tracing that keeps its spans in memory, for tests. */
export interface TestTracing extends TestSpans {
  readonly tracerProvider: TracerProvider
  readonly propagator: TextMapPropagator
  /**
   * Runs a test, sync or async, that sees its own spans only, also while others run at the same time: those started
   * inside `fn`, and wherever its traces and links lead. They are not among the spans of the set-up itself.
   *
   * @example
   * ```ts
   * test.concurrent('an order is priced', () =>
   *   tracing.isolate(async (own) => {
   *     await placeOrder()
   *     expect(own).toHaveSpan({ name: 'quote price' })
   *   }))
   * ```
   */
  isolate<T>(fn: (own: TestSpans) => T): T
  /** Takes the globals back and rejects what still waits. */
  shutdown(): Promise<void>
}

/**
 * Starts in-memory tracing on the SDK that is installed, 2.x or 3.x; call `shutdown` when the tests are done. Throws,
 * with the command that installs it, where there is none.
 */
export function createTestTracing(options: TestTracingOptions = {}): TestTracing {
  return createTestTracingOn(loadSdk(), options)
}

/** The same on a given SDK. */
export function createTestTracingOn(sdk: Sdk, options: TestTracingOptions = {}): TestTracing {
  const recorder = new Recorder()
  const router = new SpanRouter(recorder)
  const tracerProvider = sdk.createProvider({
    spanProcessors: [router],
    ...(options.sampler && { sampler: options.sampler }),
  })
  const globals = { tracerProvider, propagator: sdk.createPropagator() }
  ensureContextManager(sdk)
  if (options.global !== false) takeGlobals(globals)
  return {
    ...globals,
    ...testSpans(recorder, (traceId) => router.claim(traceId, recorder)),
    isolate: (fn) => {
      const own = new Recorder()
      return router.run(own, () => fn(testSpans(own, (traceId) => router.claim(traceId, own))))
    },
    async shutdown() {
      giveBackGlobals(globals)
      await tracerProvider.shutdown()
    },
  }
}
