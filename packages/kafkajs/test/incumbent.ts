import { spawn } from 'node:child_process'
import type { TracerProvider } from '@opentelemetry/api'
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
import { traceKafka } from '../src/index.ts'
import { createMemoryKafka, type MemoryKafka } from './memory-kafka.ts'

/** The two that are compared; `trace` traces every client that is made of the answer. */
export interface Contender {
  readonly name: string
  trace(tracerProvider: TracerProvider): MemoryKafka
  /** The lines of an ES module that set it up for the `Kafka` that it imports, and the traced `kafka`. */
  readonly module: string
}

/** instrumentation-kafkajs, which patches the classes of a module: here those of a client in memory. */
export const incumbent: Contender = {
  name: '@opentelemetry/instrumentation-kafkajs',
  trace(tracerProvider) {
    const memory = createMemoryKafka()
    class Kafka {
      readonly producer = memory.kafka.producer
      readonly consumer = memory.kafka.consumer
    }
    // It patches methods of the prototype.
    const prototype = Kafka.prototype as { producer?: unknown; consumer?: unknown }
    prototype.producer = memory.kafka.producer
    prototype.consumer = memory.kafka.consumer
    const instrumentation = new KafkaJsInstrumentation({ enabled: false })
    instrumentation.setTracerProvider(tracerProvider)
    const patch = instrumentation as unknown as { init(): { patch(exports: object): unknown } }
    patch.init().patch({ Kafka })
    return { ...memory, kafka: Object.create(prototype) as MemoryKafka['kafka'] }
  },
  module: `
    import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs'
    const instrumentation = new KafkaJsInstrumentation()
    instrumentation.setTracerProvider(tracerProvider)
    instrumentation.enable()
    const { Kafka } = (await import('kafkajs')).default
    const kafka = new Kafka(config)
  `,
}

export const throughline: Contender = {
  name: '@throughline/kafkajs',
  trace(tracerProvider) {
    const memory = createMemoryKafka()
    traceKafka(memory.kafka, { tracerProvider })
    return memory
  },
  module: `
    import { traceKafka } from '@throughline/kafkajs'
    import { Kafka } from 'kafkajs'
    const kafka = traceKafka(new Kafka(config), { tracerProvider })
  `,
}

/** How many spans a send makes in a program of ES modules, without loader flags; the send itself is rejected. */
export async function spansUnderEsm({ module }: Contender): Promise<number> {
  const program = `
    import { TracerProvider } from '@opentelemetry/sdk-trace'
    let spans = 0
    const none = () => Promise.resolve()
    const processor = { onStart: () => void spans++, onEnd() {}, forceFlush: none, shutdown: none }
    const tracerProvider = new TracerProvider({ spanProcessors: [processor] })
    const config = { brokers: ['127.0.0.1:1'], logLevel: 0 }
    ${module}
    await kafka.producer().send({ topic: 'orders', messages: [{ value: 'v' }] }).catch(() => {})
    console.log(spans)
    process.exit()
  `
  const options = ['--conditions=@throughline/source', '--no-warnings', '--input-type=module']
  const child = spawn(process.execPath, [...options, '--eval', program], {
    cwd: new URL('..', import.meta.url),
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  return Number(output)
}
