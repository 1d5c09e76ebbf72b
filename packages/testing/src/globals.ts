import {
  ROOT_CONTEXT,
  context,
  createContextKey,
  propagation,
  trace,
  type TextMapPropagator,
  type TracerProvider,
} from '@opentelemetry/api'
import type { Sdk } from './sdk.ts'

/** What an SDK registers globally. */
interface Globals {
  readonly tracerProvider: TracerProvider
  readonly propagator: TextMapPropagator
}

// The set-ups that are global now; the last one is in charge.
const stack: Globals[] = []

/** Makes a set-up the global one until it is given back. Throws where something else (an SDK) is registered already. */
export function takeGlobals(globals: Globals): void {
  if (stack.length > 0) release()
  if (!register(globals)) {
    throw new Error(
      'createTestTracing: another tracer provider is global already; shut it down first or pass { global: false }',
    )
  }
  stack.push(globals)
}

/** Takes a set-up out; the one before it, if any, is in charge again. */
export function giveBackGlobals(globals: Globals): void {
  const at = stack.indexOf(globals)
  if (at < 0) return
  const inCharge = at === stack.length - 1
  stack.splice(at, 1)
  if (!inCharge) return
  release()
  const before = stack.at(-1)
  if (before) register(before)
}

/** There is only one context manager, and it is never taken back: it holds no spans. */
export function ensureContextManager(sdk: Sdk): void {
  const probe = createContextKey('@throughline/testing probe')
  const works = context.with(
    ROOT_CONTEXT.setValue(probe, true),
    () => context.active().getValue(probe) === true,
  )
  if (!works) context.setGlobalContextManager(sdk.createContextManager().enable())
}

function register({ tracerProvider, propagator }: Globals): boolean {
  if (!trace.setGlobalTracerProvider(tracerProvider)) return false
  propagation.setGlobalPropagator(propagator)
  return true
}

function release(): void {
  trace.disable()
  propagation.disable()
}
