import { isMainThread } from 'node:worker_threads'
import { ProxyTracerProvider, ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { createContextKey } from '@opentelemetry/api'
import { w3cPropagator } from '@throughline/core/propagation'
import { ThreadContextManager } from './context-manager.ts'
import { ThreadTracerProvider } from './tracer-provider.ts'

const PROBE = createContextKey('@throughline/worker probe')
let done = false

/**
 * Gives a thread that has no SDK what spans and context need there, once. Never in the main thread, unless it is that of
 * a child process which works for the one above.
 */
export function registerThreadTracing(inChildProcess = false): void {
  if (done || (isMainThread && !(inChildProcess && process.send))) return
  done = true
  if (hasTracerProvider()) return
  trace.setGlobalTracerProvider(new ThreadTracerProvider())
  if (!hasContextManager()) context.setGlobalContextManager(new ThreadContextManager())
  if (propagation.fields().length === 0) propagation.setGlobalPropagator(w3cPropagator)
}

// The api answers a second registration with an error in the log, so it has to be known before. A proxy that nobody
// gave a delegate has the same one as every new proxy.
function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider()
  if (!('getDelegate' in provider)) return true
  return (provider as ProxyTracerProvider).getDelegate() !== new ProxyTracerProvider().getDelegate()
}

function hasContextManager(): boolean {
  const probe = ROOT_CONTEXT.setValue(PROBE, true)
  return context.with(probe, () => context.active().getValue(PROBE) === true)
}
