import {
  ROOT_CONTEXT,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api'
import { report } from '../guard.ts'
import type { Tracing } from '../options.ts'
import { headerGetter, openCarrier, setterFor, type Carrier } from './carrier.ts'
import { EMPTY_CONTEXT } from './layered-context.ts'

type Propagation = Pick<Tracing, 'propagator'>

/**
 * The context a carrier brings, on top of ROOT; ROOT itself when it brings none or cannot be read. Never throws.
 *
 * @param getter - how to read a carrier of another shape than those of `Carrier`
 */
export function extractContext(tracing: Propagation, carrier: Carrier | null | undefined): Context
export function extractContext<C>(
  tracing: Propagation,
  carrier: C | null | undefined,
  getter: TextMapGetter<C>,
): Context
export function extractContext(
  { propagator }: Propagation,
  carrier: unknown,
  getter?: TextMapGetter<unknown>,
): Context {
  if (carrier === undefined || carrier === null) return ROOT_CONTEXT
  try {
    const found = getter
      ? propagator.extract(EMPTY_CONTEXT, carrier, getter)
      : propagator.extract(EMPTY_CONTEXT, openCarrier(carrier as Carrier), headerGetter)
    return found === EMPTY_CONTEXT ? ROOT_CONTEXT : found
  } catch (error) {
    report('Reading the context of a carrier', error)
    return ROOT_CONTEXT
  }
}

/**
 * Writes a context into a carrier: a plain object, `Headers`, a `Map`, a list of headers. A propagator that fails leaves
 * the carrier as far as it got. Never throws.
 *
 * @param setter - how to write into a carrier of another shape
 */
export function injectContext<C extends object>(
  tracing: Propagation,
  context: Context,
  carrier: C,
  setter?: TextMapSetter<C>,
): C {
  try {
    tracing.propagator.inject(context, carrier, setter ?? setterFor(carrier))
  } catch (error) {
    report('Writing the context into a carrier', error)
  }
  return carrier
}
