import { ProxyTracerProvider, propagation, trace } from '@opentelemetry/api'
import type { KafkaTracing } from './options.ts'

// What the proxy delegates to as long as no SDK was registered; there is one for each copy of the api.
const NO_PROVIDER = new ProxyTracerProvider().getDelegate()

/** Whether nothing would come of tracing now, so that a call is best passed on as it is. */
export function isIdle(tracing: KafkaTracing): boolean {
  return tracing.lazy && noSdk()
}

/** Whether neither spans can be made nor contexts be carried, as far as the globals are concerned. */
export function noSdk(): boolean {
  const provider = trace.getTracerProvider() as Partial<ProxyTracerProvider>
  return provider.getDelegate?.() === NO_PROVIDER && propagation.fields().length === 0
}
