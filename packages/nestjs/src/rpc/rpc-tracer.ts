import { SpanKind, context, trace, type Context, type Span } from '@opentelemetry/api'
import {
  ATTR,
  guard,
  startOperation,
  type Operation,
  type Tracing,
} from '@throughline/core/integration'
import { startProcess } from '@throughline/core/messaging'
import {
  extractContext,
  isTracingSuppressed,
  suppressTracing,
  type Relation,
} from '@throughline/core/propagation'
import { Observable, finalize } from 'rxjs'
import { isExpectedError } from '../expected-error.ts'
import { activeRpcCall, withRpcCall, type RpcCall } from './rpc-call.ts'
import type { ReceivedMessage, RpcMessage } from './message.ts'

/** What the messages of microservices are traced with. */
export interface RpcTracerOptions {
  readonly ignore?: (message: RpcMessage) => boolean
  readonly relation?: Relation
}

/** Starts the span of every message that a microservice receives: SERVER for requests, CONSUMER for events. */
export class RpcTracer {
  readonly #tracing: Tracing
  readonly #options: RpcTracerOptions

  constructor(tracing: Tracing, options: RpcTracerOptions) {
    this.#tracing = tracing
    this.#options = options
  }

  /**
   * Answers the message's process, or `undefined` where there is nothing to trace: tracing is suppressed, or somebody
   * else made the span of this message already.
   */
  start(message: ReceivedMessage): RpcProcess | undefined {
    const active = context.active()
    if (isTracingSuppressed(active) || isTraced(active)) return undefined
    const { ignore } = this.#options
    if (ignore && guard('The hook "rpc.ignore"', ignore, message)) {
      return new RpcProcess(undefined, suppressTracing(active))
    }
    const sender = extractContext(this.#tracing, message.carrier)
    const operation = message.isEvent
      ? this.#startEvent(message, sender)
      : this.#startRequest(message, sender)
    return new RpcProcess(operation, operation.context)
  }

  #startEvent({ transport, pattern }: ReceivedMessage, sender: Context): Operation {
    const { relation = 'parent' } = this.#options
    return startProcess(this.#tracing, {
      system: transport,
      destination: pattern,
      sender,
      relation,
    })
  }

  #startRequest({ transport, pattern }: ReceivedMessage, sender: Context): Operation {
    return startOperation(
      this.#tracing.tracer,
      pattern,
      { kind: SpanKind.SERVER, attributes: rpcAttributes(transport, pattern) },
      sender,
    )
  }
}

/** The attributes of a request over a transport, on both of its sides. */
export function rpcAttributes(transport: string, pattern: string): Record<string, string> {
  return {
    [ATTR.rpcSystem]: transport === 'grpc' ? 'grpc' : 'nestjs',
    [ATTR.rpcMethod]: pattern,
    [ATTR.nestTransport]: transport,
  }
}

/** The processing of one message. */
export class RpcProcess {
  readonly context: Context
  readonly #operation: Operation | undefined
  readonly #call: RpcCall = { failed: false, error: undefined }

  constructor(operation: Operation | undefined, active: Context) {
    this.#operation = operation
    this.context = withRpcCall(active, this.#call)
  }

  /** The transport is to deliver the message again, or reports what went wrong. */
  fail(error: unknown): void {
    this.#operation?.fail(this.#call.failed ? this.#call.error : error)
  }

  /** Runs an Observable with the message's span active, and ends with it. */
  toItsEnd<T>(source: Observable<T>): Observable<T> {
    const inside = new Observable<T>((subscriber) =>
      context.with(this.context, () => source.subscribe(subscriber)),
    )
    return inside.pipe(finalize(() => this.end()))
  }

  /** The message was handled; what its handler threw may have been answered to the requester. */
  end(): void {
    const { failed, error } = this.#call
    if (failed && !isExpectedError(error)) this.#operation?.fail(error)
    else this.#operation?.end()
  }
}

type KnownSpan = Span & { readonly kind?: SpanKind }

/** Whether the active span is of this message: ours, or that of an instrumentation of the client library. */
function isTraced(active: Context): boolean {
  if (activeRpcCall(active)) return true
  const span: KnownSpan | undefined = trace.getSpan(active)
  if (!span?.isRecording() || span.spanContext().isRemote) return false
  return span.kind === SpanKind.CONSUMER || span.kind === SpanKind.SERVER
}
