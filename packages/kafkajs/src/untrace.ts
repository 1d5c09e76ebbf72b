import { guard } from '@throughline/core/integration'
import { restoreMethods } from './method.ts'

/**
 * Ends the tracing of a client, a producer or a consumer, in place, and returns it: its methods are its own again. What a
 * client made before stays traced, and so do the handlers of a consumer that runs, until its next `run`.
 */
export function untrace<C extends object>(client: C): C {
  guard('Ending the tracing of a client', restoreMethods, client)
  return client
}
