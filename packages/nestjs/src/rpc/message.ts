import type { HeaderCarrier } from '@throughline/core/propagation'
import { patternFor } from './pattern.ts'

/** One message of a microservice transport, as far as tracing needs to know it. */
export interface RpcMessage {
  /** `tcp`, `redis`, `nats`, `rabbitmq`, `mqtt`, `kafka` or `grpc`. */
  readonly transport: string
  /** What the handler is registered for: of low cardinality, unlike the subject that a wildcard matched. */
  readonly pattern: string
  /** Whether it is an event, which nobody waits for, or a request. */
  readonly isEvent: boolean
}

/** A message with what its sender wrote into the transport's own headers. */
export interface ReceivedMessage extends RpcMessage {
  readonly carrier: HeaderCarrier | undefined
}

/** The methods of Nest's message contexts, of which each transport has some. */
type MessageContext = Partial<
  Record<
    | 'getTopic'
    | 'getMessage'
    | 'getPacket'
    | 'getChannelRef'
    | 'getPattern'
    | 'getSubject'
    | 'getHeaders'
    | 'getSocketRef'
    | 'getChannel'
    | 'getMetadata',
    () => unknown
  >
>

/** The handlers of a server by pattern, and whether they are of events. */
export type Handlers = ReadonlyMap<string, { readonly isEventHandler?: boolean }>

/** Describes the message of a context that Nest made; `undefined` for a transport that is not known. */
export function describeMessage(
  source: unknown,
  handlers: Handlers,
  metadata?: HeaderCarrier,
): ReceivedMessage | undefined {
  const read = readContext(source as MessageContext & GrpcCall, metadata)
  if (!read) return undefined
  const { transport, subject, carrier } = read
  if (transport === 'grpc') return { transport, pattern: subject, isEvent: false, carrier }
  const pattern = patternFor(subject, handlers)
  const isEvent = pattern !== undefined && handlers.get(pattern)?.isEventHandler === true
  return { transport, pattern: pattern ?? subject, isEvent, carrier }
}

interface ReadContext {
  readonly transport: string
  readonly subject: string
  readonly carrier: HeaderCarrier | undefined
}

/** A gRPC call, which Nest spreads into an object of its own: only fields are left of it. */
interface GrpcCall {
  readonly path?: unknown
  readonly metadata?: { getMap?(): HeaderCarrier }
}

function readContext(
  source: MessageContext & GrpcCall,
  metadata: HeaderCarrier | undefined,
): ReadContext | undefined {
  if (source.getTopic && source.getMessage) {
    const { headers } = source.getMessage() as { headers?: HeaderCarrier }
    return { transport: 'kafka', subject: String(source.getTopic()), carrier: headers }
  }
  if (source.getTopic && source.getPacket) {
    const packet = source.getPacket() as { properties?: { userProperties?: HeaderCarrier } }
    const carrier = packet?.properties?.userProperties
    return { transport: 'mqtt', subject: String(source.getTopic()), carrier }
  }
  if (source.getChannelRef && source.getMessage && source.getPattern) {
    const message = source.getMessage() as { properties?: { headers?: HeaderCarrier } }
    const carrier = message?.properties?.headers
    return { transport: 'rabbitmq', subject: String(source.getPattern()), carrier }
  }
  if (source.getSubject) {
    const carrier = plainHeaders(source.getHeaders?.())
    return { transport: 'nats', subject: String(source.getSubject()), carrier }
  }
  const carrier = (source.getMetadata?.() as HeaderCarrier | undefined) ?? metadata
  if (source.getSocketRef && source.getPattern) {
    return { transport: 'tcp', subject: String(source.getPattern()), carrier }
  }
  if (source.getChannel) {
    return { transport: 'redis', subject: String(source.getChannel()), carrier }
  }
  if (typeof source.path !== 'string') return undefined
  return { transport: 'grpc', subject: source.path.slice(1), carrier: source.metadata?.getMap?.() }
}

/** The headers of NATS are an object of their own kind. */
function plainHeaders(headers: unknown): HeaderCarrier | undefined {
  const { keys, get } = (headers ?? {}) as {
    keys?: () => string[]
    get?: (key: string) => string
  }
  if (!keys || !get) return undefined
  return Object.fromEntries(keys.call(headers).map((key) => [key, get.call(headers, key)]))
}
