import { context } from '@opentelemetry/api'
import { ServerKafka, type MessageHandler } from '@nestjs/microservices'
import { setErrorOrigin } from '@throughline/core/integration'
import type { KafkaTracingOptions } from '@throughline/kafkajs'
import { withRpcCall, type RpcCall } from '../rpc/rpc-call.ts'
import { noteErrorReplies } from './error-reply.ts'
import type { TracingKafkaOptions } from './kafka-options.ts'
import { tracedClient } from './traced-client.ts'

type Payload = Parameters<ServerKafka['handleMessage']>[0]

/**
 * Nest's Kafka server, traced: every message is a CONSUMER span that continues the sender's trace, and every reply a
 * PRODUCER span. With `TracingModule` in the application, the handler's span is below.
 *
 * A handler that throws makes the message's span an error and names what was thrown, although Nest's exception filters
 * replace it by an anonymous one before kafkajs sees it.
 *
 * @example
 * ```ts
 * NestFactory.createMicroservice(AppModule, { strategy: new TracingServerKafka({ client: { brokers } }) })
 * ```
 * @throws InvalidOptionError when it starts to listen, for a tracing option that cannot work
 */
export class TracingServerKafka extends ServerKafka {
  readonly #tracing: KafkaTracingOptions | undefined

  constructor(options: TracingKafkaOptions) {
    super(options)
    this.#tracing = options.tracing
  }

  override createClient<T = any>(): Promise<T> {
    const options = { clientId: this.clientId, ...this.#tracing }
    return tracedClient(super.createClient(), options) as Promise<T>
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler: boolean = false,
    extras: Record<string, unknown> = {},
  ): void {
    // Handlers of events are chained by properties that Nest sets on this very function, so those stay themselves.
    const handler = isEventHandler ? callback : noteErrorReplies(callback)
    super.addHandler(pattern, handler, isEventHandler, extras)
  }

  override async handleMessage(payload: Payload): Promise<unknown> {
    const call: RpcCall = { failed: false, error: undefined }
    const active = withRpcCall(context.active(), call)
    try {
      return await context.with(active, () => super.handleMessage(payload))
    } catch (error) {
      if (call.failed) setErrorOrigin(error, call.error)
      throw error
    }
  }
}
