import { context } from '@opentelemetry/api'
import type { Tracing } from '@throughline/core/integration'
import { injectContext } from '@throughline/core/propagation'
import { methodOf } from '../class-method.ts'
import { likeOriginal, type Method } from '../function-likeness.ts'
import type { Overrides } from '../shadow-prototype.ts'

/** The transport of a client's class, told by the methods that only it has: names do not survive a bundler. */
export function transportOf(prototype: object): string {
  if (methodOf(prototype, 'mergePacketOptions')) return 'mqtt'
  if (methodOf(prototype, 'mergeHeaders')) {
    return methodOf(prototype, 'setupChannel') ? 'rabbitmq' : 'nats'
  }
  return methodOf(prototype, 'getReplyPattern') ? 'redis' : 'tcp'
}

/** Whether the transport has no headers of its own, so that Nest's packet carries them as `metadata`. */
export function hasMetadata(transport: string): boolean {
  return transport === 'tcp' || transport === 'redis'
}

/** The methods by which a client makes the transport's own headers, with the active context added. */
export function headerMethods(prototype: object, tracing: Tracing): Overrides {
  return {
    ...override(prototype, 'mergeHeaders', 'headers', tracing),
    ...override(prototype, 'mergePacketOptions', 'userProperties', tracing),
  }
}

/**
 * These methods merge what a message asks for with what the client's options have. They are shown options that have the
 * context too, by an object that stands before the client: its own options stay as they are.
 */
function override(
  prototype: object,
  key: string,
  option: 'headers' | 'userProperties',
  tracing: Tracing,
): Overrides {
  const original = methodOf(prototype, key)
  if (!original) return {}
  const wrapper: Method = function (...args) {
    const carrier = injectContext(tracing, context.active(), {})
    if (Object.keys(carrier).length === 0) return original.apply(this, args)
    const { options } = this as { options?: Record<string, object | undefined> }
    const value = { ...options, [option]: { ...options?.[option], ...carrier } }
    return original.apply(Object.create(this as object, { options: { value } }), args)
  }
  return { [key]: likeOriginal(wrapper, original) }
}
