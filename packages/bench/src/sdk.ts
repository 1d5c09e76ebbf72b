import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { AlwaysOffSampler, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { startTracing } from '@throughline/sdk'

/** `processor`: what becomes of finished spans; by default they are forgotten, so that making them is what is measured. */
export interface SdkOptions {
  readonly sampled?: boolean
  readonly processor?: SpanProcessor
}

/** Registers an SDK as the global one. */
export function registerSdk(options: SdkOptions = {}): TracerProvider {
  const provider = new TracerProvider({
    spanProcessors: [options.processor ?? forgetful],
    ...(options.sampled === false && { sampler: new AlwaysOffSampler() }),
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  return provider
}

/** Starts ours, whose spans are forgotten too. */
export function startOurs({ sampled }: Pick<SdkOptions, 'sampled'> = {}): void {
  process.env['OTEL_TRACES_EXPORTER'] = 'none'
  startTracing({ clients: false, ...(sampled === false && { sampler: new AlwaysOffSampler() }) })
}

const forgetful: SpanProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
