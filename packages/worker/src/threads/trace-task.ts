import { context, propagation, type Context } from '@opentelemetry/api'
import { objectSetter, w3cPropagator } from '@throughline/core/propagation'
import { wrapTask, type TracedTask } from './envelope.ts'
import { spanTarget } from './listener.ts'
import { relayOf } from './relay.ts'

/**
 * Wraps the input of a thread's task, so that `threadTask` in the thread goes on in the context that is active here. What
 * it records there comes back over a `BroadcastChannel` and is exported by this thread's SDK.
 *
 * Buffers inside are moved as ever: name them in the transfer list.
 *
 * @example
 * ```ts
 * await pool.run(traceTask(order))
 * await pool.run(traceTask({ image }), { transferList: [image] })
 * worker.postMessage(traceTask(order))
 * ```
 */
export function traceTask<T>(value: T): TracedTask<T> {
  const active = context.active()
  const carrier: Record<string, string> = {}
  w3cPropagator.inject(active, carrier, objectSetter)
  const baggage = baggageOf(active)
  // A task made in a thread without an SDK sends its spans where that thread sends its own.
  const { channel, counters } = relayOf(active) ?? spanTarget()
  const optional = { ...(counters && { counters }), ...(baggage && { baggage }) }
  return wrapTask({ carrier, channel, value, ...optional })
}

function baggageOf(active: Context): Record<string, string> | undefined {
  const entries = propagation.getBaggage(active)?.getAllEntries()
  if (!entries?.length) return undefined
  return Object.fromEntries(entries.map(([key, { value }]) => [key, value]))
}
