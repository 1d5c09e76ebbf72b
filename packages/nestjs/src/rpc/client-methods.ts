import { SpanKind, context, type Context } from '@opentelemetry/api'
import {
  describeError,
  runToEnd,
  startOperation,
  type Operation,
  type Tracing,
} from '@throughline/core/integration'
import { startSend } from '@throughline/core/messaging'
import { injectContext, isTracingSuppressed } from '@throughline/core/propagation'
import { methodOf } from '../class-method.ts'
import { isTracedFunction, likeOriginal, type Method } from '../function-likeness.ts'
import type { Overrides } from '../shadow-prototype.ts'
import { headerMethods, hasMetadata, transportOf } from './client-transport.ts'
import { grpcMethods } from './grpc-client.ts'
import { rpcAttributes } from './rpc-tracer.ts'

interface Packet {
  readonly pattern: unknown
  metadata?: object
}

/** What Nest's clients call with each answer to a request. */
interface Answer {
  readonly err?: unknown
  readonly isDisposed?: boolean
}

/** The traced methods of a client of microservices; `undefined` for all other classes, and for Kafka's. */
export function clientMethods(prototype: object, tracing: Tracing): Overrides | undefined {
  const grpc = grpcMethods(prototype, tracing)
  if (grpc) return grpc
  const publish = methodOf(prototype, 'publish')
  const dispatch = methodOf(prototype, 'dispatchEvent')
  const isClient = publish && dispatch && methodOf(prototype, 'createObserver')
  if (!isClient || methodOf(prototype, 'emitBatch') || isTracedFunction(publish)) return undefined
  const transport = transportOf(prototype)
  return {
    publish: likeOriginal(tracedPublish(publish, transport, tracing), publish),
    dispatchEvent: likeOriginal(tracedDispatch(dispatch, transport, tracing), dispatch),
    ...headerMethods(prototype, tracing),
  }
}

function tracedPublish(original: Method, transport: string, tracing: Tracing): Method {
  return function (...args) {
    const outer = context.active()
    if (isTracingSuppressed(outer)) return original.apply(this, args)
    const [packet, callback, ...rest] = args as [Packet, (answer: Answer) => unknown, ...unknown[]]
    const operation = startRequest(tracing, transport, patternText(this, packet), outer)
    addMetadata(tracing, transport, packet, operation.context)
    const answered = (answer: Answer): unknown => {
      // Of the first answer that says so; a stream of answers goes on until it is disposed of.
      if (answer?.err) operation.error(describeError(answer.err))
      if (answer?.err || answer?.isDisposed) operation.end()
      return context.with(outer, callback, undefined, answer)
    }
    return endWithTeardown(operation, () => original.call(this, packet, answered, ...rest))
  }
}

/** The requester who leaves (`timeout`, `take(1)`) ends the request too. */
function endWithTeardown(operation: Operation, call: () => unknown): unknown {
  let teardown: unknown
  try {
    teardown = operation.run(call)
  } catch (error) {
    operation.fail(error)
    throw error
  }
  if (typeof teardown !== 'function') return teardown
  return () => {
    operation.end()
    return (teardown as () => unknown)()
  }
}

function tracedDispatch(original: Method, transport: string, tracing: Tracing): Method {
  return function (...args) {
    const outer = context.active()
    if (isTracingSuppressed(outer)) return original.apply(this, args)
    const packet = args[0] as Packet
    const destination = patternText(this, packet)
    const operation = startSend(tracing, { system: transport, destination, parent: outer })
    addMetadata(tracing, transport, packet, operation.context)
    return runToEnd(operation, () => original.apply(this, args))
  }
}

function startRequest(
  tracing: Tracing,
  transport: string,
  pattern: string,
  parent: Context,
): Operation {
  const options = { kind: SpanKind.CLIENT, attributes: rpcAttributes(transport, pattern) }
  return startOperation(tracing.tracer, pattern, options, parent)
}

/** The packet is Nest's own, made for this one message. */
function addMetadata(tracing: Tracing, transport: string, packet: Packet, active: Context): void {
  if (!hasMetadata(transport) || !Object.isExtensible(packet)) return
  const metadata = injectContext(tracing, active, { ...packet.metadata })
  if (Object.keys(metadata).length > 0) packet.metadata = metadata
}

interface PatternNormalizer {
  normalizePattern?(pattern: unknown): string
}

/** The pattern as it is on the wire. */
function patternText(client: unknown, { pattern }: Packet): string {
  if (typeof pattern === 'string') return pattern
  try {
    return (client as PatternNormalizer).normalizePattern?.(pattern) ?? '_OTHER'
  } catch {
    return '_OTHER'
  }
}
