import { ROOT_CONTEXT, type Context, type TextMapSetter } from '@opentelemetry/api'
import { report } from '../guard.ts'
import type { Tracing } from '../options.ts'
import { headerGetter, objectSetter, type HeaderCarrier } from './carrier.ts'

/** The context a carrier brings, on top of ROOT; ROOT itself when it brings none or cannot be read. Never throws. */
export function extractContext(tracing: Tracing, carrier: HeaderCarrier | undefined): Context {
  if (carrier === undefined || carrier === null) return ROOT_CONTEXT
  try {
    return tracing.propagator.extract(ROOT_CONTEXT, carrier, headerGetter)
  } catch (error) {
    report('Reading the context of a carrier', error)
    return ROOT_CONTEXT
  }
}

/** Writes a context into a carrier. A propagator that fails leaves the carrier as far as it got. Never throws. */
export function injectContext<C extends object>(
  tracing: Tracing,
  context: Context,
  carrier: C,
  setter: TextMapSetter<C> = objectSetter,
): C {
  try {
    tracing.propagator.inject(context, carrier, setter)
  } catch (error) {
    report('Writing the context into a carrier', error)
  }
  return carrier
}
