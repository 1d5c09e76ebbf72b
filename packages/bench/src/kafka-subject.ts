import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { traceKafka } from '@throughline/kafkajs'
import { startMessageSpan } from './message-span.ts'
import type { Subject } from './question.ts'
import { registerSdk, startOurs } from './sdk.ts'

type Call = (argument: object) => Promise<unknown>

interface Handlers {
  eachMessage?: Call
  eachBatch?: Call
}

interface Kafka {
  producer(): { send: Call; sendBatch: Call }
  consumer(config: object): { run(handlers: Handlers): Promise<void> }
}

/** Who traces, and with what SDK. */
export interface Tracing {
  readonly by: 'throughline' | 'peer' | 'no one'
  readonly sdk: 'recording' | 'sampled out' | 'startTracing' | 'none'
}

export const BATCH = 100

const answered = Promise.resolve([{ topicName: 'orders', partition: 0, baseOffset: '1' }])
const nothing = Promise.resolve()

// A client of kafkajs's shape that does nothing: what is left is what tracing costs.
class StubKafka {
  handlers: Handlers = {}

  producer(): ReturnType<Kafka['producer']> {
    return { send: () => answered, sendBatch: () => answered }
  }

  consumer(_config: object): ReturnType<Kafka['consumer']> {
    return {
      run: (handlers) => {
        this.handlers = handlers
        return nothing
      },
    }
  }
}

function tracedKafka({ by, sdk }: Tracing): StubKafka {
  if (sdk === 'startTracing') startOurs()
  else if (sdk !== 'none') registerSdk({ sampled: sdk === 'recording' })
  if (by === 'no one') return new StubKafka()
  if (by === 'throughline') return traceKafka(new StubKafka())
  const Patched = patchByPeer(StubKafka)
  return new Patched()
}

/** A client class as instrumentation-kafkajs patches it, beside the one it is made of. */
export function patchByPeer<C extends new (...args: any[]) => object>(Client: C): C {
  class Kafka extends Client {}
  const { producer, consumer } = Object.getOwnPropertyDescriptors(Client.prototype) as Record<
    string,
    PropertyDescriptor
  >
  Object.defineProperties(Kafka.prototype, { producer: producer!, consumer: consumer! })
  const instrumentation = new KafkaJsInstrumentation({ enabled: false }) as unknown as {
    init(): { patch(exports: object): unknown }
  }
  instrumentation.init().patch({ Kafka })
  return Kafka
}

/** A send of so many messages a call; counted are messages. */
export function sending(tracing: Tracing, count: number = BATCH): Subject {
  const producer = tracedKafka(tracing).producer()
  return {
    async run(times) {
      for (let sent = 0; sent < times; sent += count) {
        // The peer writes into messages, so each call has its own, as an application's would be.
        const messages = Array.from({ length: count }, (_, at) => ({
          key: `order-${at}`,
          value: 'v',
        }))
        // One after the other, as what is measured is the call and not the queue.
        // oxlint-disable-next-line no-await-in-loop
        await producer.send({ topic: 'orders', messages })
      }
    },
  }
}

function received(at: number): object {
  return {
    key: Buffer.from(`order-${at}`),
    value: Buffer.from('v'),
    offset: String(at),
    timestamp: '1700000000000',
    headers: {
      traceparent: Buffer.from(
        `00-${'a'.repeat(32)}-${(at + 1).toString(16).padStart(16, '0')}-01`,
      ),
    },
  }
}

/** Batches of so many messages, each from another sender; counted are messages. */
export function receivingBatches(tracing: Tracing): Subject {
  const kafka = tracedKafka(tracing)
  void kafka.consumer({ groupId: 'g' }).run({ eachBatch: () => nothing })
  const messages = Array.from({ length: BATCH }, (_, at) => received(at))
  return {
    async run(times) {
      for (let done = 0; done < times; done += BATCH) {
        const batch = {
          topic: 'orders',
          partition: 0,
          messages: [...messages],
        }
        // oxlint-disable-next-line no-await-in-loop
        await kafka.handlers.eachBatch!({ batch })
      }
    },
  }
}

export function receivingMessages(tracing: Tracing): Subject {
  const kafka = tracedKafka(tracing)
  void kafka.consumer({ groupId: 'g' }).run({ eachMessage: () => nothing })
  return handled(kafka.handlers.eachMessage!)
}

/** The least that tracing a message can cost: its sender, a span, and the handler in its context. */
export function bareMessageSpans(): Subject {
  registerSdk()
  const tracer = trace.getTracer('bench')
  return handled(async (payload) => {
    const { headers } = (payload as { message: { headers: { traceparent: Buffer } } }).message
    const carrier = { traceparent: headers.traceparent.toString() }
    const sender = propagation.extract(ROOT_CONTEXT, carrier)
    const span = startMessageSpan(tracer, sender, trace.getSpanContext(sender)!)
    try {
      return await context.with(trace.setSpan(sender, span), () => nothing)
    } finally {
      span.end()
    }
  })
}

function handled(handler: Call): Subject {
  const messages = Array.from({ length: BATCH }, (_, at) => received(at))
  return {
    async run(times) {
      for (let done = 0; done < times; done++) {
        const message = messages[done % BATCH]!
        // oxlint-disable-next-line no-await-in-loop
        await handler({ topic: 'orders', partition: 0, message })
      }
    },
  }
}
