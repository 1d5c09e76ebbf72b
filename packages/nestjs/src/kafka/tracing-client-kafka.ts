import { ClientKafka } from '@nestjs/microservices'
import { runDetached } from '@throughline/core'
import type { KafkaTracingOptions } from '@throughline/kafkajs'
import type { ReplaySubject } from 'rxjs'
import type { TracingKafkaOptions } from './kafka-options.ts'
import { tracedClient } from './traced-client.ts'

/**
 * Nest's Kafka client, traced: every `emit`, `emitBatch` and `send` is a PRODUCER span, and its messages carry the
 * context.
 *
 * @example
 * ```ts
 * ClientsModule.register([{ name: 'KAFKA', customClass: TracingClientKafka, options: { client: { brokers } } }])
 * ```
 * @throws InvalidOptionError when it connects, for a tracing option that cannot work
 */
export class TracingClientKafka extends ClientKafka {
  // Nest's own type for it keeps `ClientKafka` from being a `customClass` under `strictFunctionTypes`.
  declare protected _status$: ReplaySubject<any>
  readonly #tracing: KafkaTracingOptions | undefined

  constructor(options: TracingKafkaOptions) {
    super(options)
    this.#tracing = options.tracing
  }

  override createClient<T = any>(): Promise<T> {
    const options = { clientId: this.clientId, ...this.#tracing }
    return tracedClient(super.createClient(), options) as Promise<T>
  }

  // The first request connects for all: the connection and the consumer of replies outlive it and are not its work.
  override connect(): ReturnType<ClientKafka['connect']> {
    return runDetached(() => super.connect())
  }
}
