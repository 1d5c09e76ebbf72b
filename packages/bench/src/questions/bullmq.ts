import { Queue, Worker, type Processor, type Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import type { Question, Subject } from '../question.ts'
import { redisServer } from '../redis-server.ts'
import { registerSdk } from '../sdk.ts'

interface Kit {
  readonly telemetry?: Telemetry
  readonly processor?: (processor: Processor) => Processor
}

async function jobs({ telemetry, processor = (fn) => fn }: Kit): Promise<Subject> {
  const server = await redisServer()
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null }
  const options = telemetry ? { connection, telemetry } : { connection }
  const queue = new Queue('bench', options)
  let left = 0
  let done = (): void => {}
  const worker = new Worker(
    'bench',
    processor(async () => {}),
    { ...options, concurrency: 20, removeOnComplete: { count: 0 } },
  )
  worker.on('completed', () => {
    if (--left === 0) done()
  })
  await worker.waitUntilReady()
  return {
    async run(times) {
      left = times
      const finished = new Promise<void>((resolve) => (done = resolve))
      for (let at = 0; at < times; at += 50) {
        const some = Math.min(50, times - at)
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(Array.from({ length: some }, () => queue.add('ship', { order: 7 })))
      }
      await finished
    },
    async close() {
      await worker.close()
      await queue.close()
      await server.stop()
    },
  }
}

export const question: Question = {
  title: 'A BullMQ job, added and processed, at two spans a job',
  unit: 'job',
  base: 'no tracing',
  peer: 'bullmq-otel',
  budgets: { '@throughline/worker': 0.35 },
  variants: {
    'no tracing': () => jobs({}),
    '@throughline/worker': () => {
      registerSdk()
      return jobs({ telemetry: bullmqTelemetry(), processor: (fn) => traceProcessor(fn) })
    },
    '@throughline/worker, telemetry alone': () => {
      registerSdk()
      return jobs({ telemetry: bullmqTelemetry() })
    },
    'bullmq-otel': () => {
      registerSdk()
      return jobs({ telemetry: new BullMQOtel({ tracerName: 'bench' }) })
    },
  },
}
