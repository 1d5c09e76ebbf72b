import { randomUUID } from 'node:crypto'
import {
  describeConformance,
  type EntryAdapter,
  type EntryOptions,
} from '@throughline/testing/conformance'
import { Queue, Worker, type Job, type Processor, type WorkerOptions } from 'bullmq'
import { describe, test } from 'vitest'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'

type Wiring = (
  options: EntryOptions,
  processor: Processor,
) => { processor: Processor; telemetry?: NonNullable<WorkerOptions['telemetry']> }

const WIRINGS: Record<string, Wiring> = {
  bullmqTelemetry: (options, processor) => ({ processor, telemetry: bullmqTelemetry(options) }),
  traceProcessor: (options, processor) => ({ processor: traceProcessor(processor, options) }),
  'bullmqTelemetry with traceProcessor': (options, processor) => ({
    processor: traceProcessor(processor, options),
    telemetry: bullmqTelemetry(options),
  }),
}

function adapter(name: string, wire: Wiring): EntryAdapter {
  return {
    name,
    scope: { name: '@throughline/worker', version: '0.1.0' },
    span: { kind: 'CONSUMER', attributes: ['messaging.system', 'messaging.destination.name'] },
    relation: 'link',

    async start(options, handle) {
      const { hostname: host, port } = new URL(process.env['REDIS_URL']!)
      const connection = { host, port: Number(port), maxRetriesPerRequest: null }
      const queue = new Queue(`c-${randomUUID()}`, { connection })
      const { processor, telemetry } = wire(options, (job) => handle(job.data.id))
      const worker = new Worker(queue.name, processor, {
        connection,
        concurrency: 5,
        ...(telemetry && { telemetry }),
      })
      const waiting = new Map<string, () => void>()
      const settled = (job: Job | undefined): void => waiting.get(job!.data.id)?.()
      worker.on('completed', settled)
      worker.on('failed', settled)
      return {
        send: async (id, carrier) => {
          const done = new Promise<void>((resolve) => {
            waiting.set(id, resolve)
          })
          await queue.add('n', { id }, { telemetry: { metadata: JSON.stringify(carrier) } })
          await done
        },
        async stop() {
          await worker.close()
          await queue.obliterate({ force: true })
          await queue.close()
        },
      }
    },
  }
}

for (const [name, wire] of Object.entries(WIRINGS)) {
  describeConformance(adapter(name, wire), { describe, test })
}
